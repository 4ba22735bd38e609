"""A channel's digest of what it watches, and the replies to people who set it up.

`bot.core.watching.digest` computes the figures, and `bot.core.watching.digest_time` decides the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.model.command import DigestCommand
from bot.core.model.digest import Digest
from bot.core.text.message import Block, Button, Buttons, Facts, Message, Paragraph
from bot.core.text.text import Bold, Code, Emoji, Sentence, Span, When, cut, duration, plural
from bot.core.views.buttons import command_button
from bot.core.views.incident import handled_by, incident_headline
from bot.core.watching.digest import DigestRow, Figures

NAME_SHOWN = 80
HINT_SHOWN = 200
# With every section full, a digest has 40 lines.
MISSED_SHOWN, FAILING_SHOWN, OVER_SHOWN, HINTS_SHOWN, SLOWER_SHOWN, SLOWEST_SHOWN = 5, 8, 5, 4, 3, 3
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOTHING_SEEN = "I haven't checked this channel's watched schedules yet. That can take up to a minute after a watch is added. Try again in a minute."
NOTHING_WATCHED = "This channel doesn't watch any schedules, so a digest has nothing to show."


def digest_message(
    digest: Digest | None, figures: Figures, hints: Mapping[str, str], app_url: str, prefix: str
) -> Message:
    """Build a digest. `digest` is None if none is set: then it's an example. `hints` are the texts of hints, by id."""
    first = _first(digest, figures)
    sections = [
        _missed(figures),
        _failing(figures, app_url, prefix),
        _over(figures),
        _hints(figures, hints),
        _slower(figures),
        _slowest(figures),
    ]
    blocks: list[Block] = [Paragraph(first), *(Paragraph(one) for one in sections if one)]
    note = _note(figures)
    blocks += [Facts(note)] if note else []
    said = _joined([first, *(one for one in sections if one), *([note] if note else [])])
    return Message(said, tuple(blocks))


def digest_set(digest: Digest, word: str, cannot_post: str, prefix: str, *, watches: bool) -> Message:
    """Confirm that a digest is set. `word`: `new` or `changed`."""
    begin = "I'll post a digest here " if word == "new" else "Changed: I'll post a digest here "
    text: Sentence = (f"{begin}{when_in_words(digest)}.",)
    notes: list[Sentence] = []
    if not watches:
        notes.append((f"{NOTHING_WATCHED} Watch some first, as in ", Code(f"{prefix} watch nightly"), "."))
    if cannot_post:
        notes.append((f"I can't post here yet: {cannot_post}",))
    blocks: list[Block] = [Paragraph(text), *([Facts(_joined(notes))] if notes else []), Buttons((_off(), _preview()))]
    return Message(_joined([text, *notes], " "), tuple(blocks))


def digest_off(*, was_set: bool) -> Message:
    """Confirm that no digest is posted anymore."""
    return Message(
        ("I'll no longer post a digest here.",)
        if was_set
        else ("There's no digest to turn off: none is set in this channel.",)
    )


def digest_shown(digest: Digest | None, today: Message | None, prefix: str, *, watches: bool) -> Message:
    """Show a channel's digest setting, and the digest as it would be now. `watches`: the channel has a watch."""
    if digest is None:
        text: Sentence = (
            "No digest is set in this channel. To get one, type ",
            Code(f"{prefix} digest daily 09:00"),
            " or ",
            Code(f"{prefix} digest weekly mon 09:00"),
            ".",
        )
        row: tuple[Button, ...] = ()
    else:
        text, row = (f"A digest is posted here {when_in_words(digest)}.",), (_off(),)
    buttons: list[Block] = [Buttons(row)] if row else []
    if today is None:
        why = NOTHING_SEEN if watches else NOTHING_WATCHED
        return Message((*text, " ", why), (Paragraph(text), Facts((why,)), *buttons))
    shown: Sentence = ("This is how it would look now:",)
    return Message((*text, " ", *shown, "\n", *today.text), (Paragraph((*text, "\n", *shown)), *today.blocks, *buttons))


def when_in_words(digest: Digest) -> str:
    """When a digest is sent."""
    when = "every day" if digest.weekday is None else f"every {WEEKDAYS[digest.weekday]}"
    return f"{when} at {digest.clock} ({digest.zone})"


# --- its sections ---


def _first(digest: Digest | None, figures: Figures) -> Sentence:
    period = "Daily digest" if digest is None or digest.weekday is None else "Weekly digest"
    start: Sentence = (Emoji("bar_chart"), " ", Bold(period), " since ", When(figures.since, "date_time"), ": ")
    ran = sum(row.tally.runs > 0 for row in figures.rows)
    if not figures.runs:
        return (*start, f"no runs have ended ({plural(len(figures.rows), 'watched schedule')}).")
    of = plural(ran, "schedule") if ran == len(figures.rows) else f"{ran} of {plural(len(figures.rows), 'schedule')}"
    return (*start, f"{plural(figures.runs, 'run')} of {of}, {figures.succeeded_percent}% succeeded.")


def _missed(figures: Figures) -> Sentence:
    found = figures.missed()
    lines: list[Sentence] = []
    for row in found[:MISSED_SHOWN]:
        latest: Sentence = (When(row.missed_last, "date_time"),) if row.missed_last else ()
        lines.append(("• ", _name(row), f": {row.missed}, the latest at " if row.missed > 1 else ": ", *latest))
    more = len(found) - MISSED_SHOWN
    lines += [(f"… and {plural(more, 'more schedule', 'more schedules')}",)] if more > 0 else []
    return _section("Missed runs", lines)


def _failing(figures: Figures, app_url: str, prefix: str) -> Sentence:
    if not figures.failing:
        return ()
    lines: list[Sentence] = []
    for incident in figures.failing[:FAILING_SHOWN]:
        handled = handled_by(incident)
        lines.append((*incident_headline(incident, app_url), f" · {handled}" if handled else ""))
    more = len(figures.failing) - FAILING_SHOWN
    lines += [(f"… and {more} more: ", Code(f"{prefix} failing"))] if more > 0 else []
    return _section("Failing now", lines)


def _over(figures: Figures) -> Sentence:
    found = figures.over()
    lines: list[Sentence] = [
        ("• ", _name(row), f": {row.tally.failures} of {plural(row.tally.runs, 'run')} failed")
        for row in found[:OVER_SHOWN]
    ]
    more = len(found) - OVER_SHOWN
    lines += [(f"… and {more} more",)] if more > 0 else []
    return _section("Failed and recovered", lines)


def _hints(figures: Figures, hints: Mapping[str, str]) -> Sentence:
    lines: list[Sentence] = []
    known = [pair for pair in figures.by_hint() if pair[0] in hints]
    for hint, count in known[:HINTS_SHOWN]:
        lines.append((f"• {plural(count, 'failure')}: {cut(hints[hint], HINT_SHOWN)}",))
    other = figures.failures - sum(count for _, count in known[:HINTS_SHOWN])
    lines += [(f"• {plural(other, 'failure')} for other reasons",)] if lines and other > 0 else []
    return _section("Why", lines)


def _slower(figures: Figures) -> Sentence:
    return _section(
        "Slowing down",
        [
            ("• ", _name(row), f": {_about(now)}, usually {_about(before)}")
            for row, now, before in figures.slower()[:SLOWER_SHOWN]
        ],
    )


def _slowest(figures: Figures) -> Sentence:
    found = figures.slowest()[:SLOWEST_SHOWN]
    return _section("Slowest", [("• ", _name(row), f": {_about(median_s)}") for row, median_s in found])


def _note(figures: Figures) -> Sentence:
    if figures.stale_since is None:
        return ()
    return (
        "I haven't been able to read Bolt's runs since ",
        When(figures.stale_since, "date_time"),
        ", so later runs are missing.",
    )


def _section(title: str, lines: Sequence[Sentence]) -> Sentence:
    return _joined([(Bold(title),), *lines]) if lines else ()


def _name(row: DigestRow) -> Bold:
    return Bold(cut(row.name or row.slug, NAME_SHOWN))


def _about(seconds: float) -> str:
    """A duration that's known only to within 5 percent."""
    if seconds < 120:
        return duration(seconds)
    return duration(round(seconds / 60) * 60)


def _off() -> Button:
    return command_button("Turn off", DigestCommand("off"), spoken="Turn off this channel's digest")


def _preview() -> Button:
    return command_button(
        "Preview", DigestCommand(), number=1, spoken="Show what this channel's digest would look like now"
    )


def _joined(lines: Sequence[Sentence], between: str = "\n") -> Sentence:
    spans: list[Span] = []
    for at, line in enumerate(lines):
        spans += [between, *line] if at else line
    return tuple(spans)
