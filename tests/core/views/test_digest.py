"""A channel's digest: at most forty lines, the most important first."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.digest import Digest
from bot.core.model.incident import Incident, IncidentRun
from bot.core.text.message import Message
from bot.core.views.digest import NOTHING_SEEN, NOTHING_WATCHED, digest_message, digest_off, digest_set, digest_shown
from bot.core.watching.digest import Figures
from bot.core.watching.tally import Tally
from tests.core.views.plain import buttons, said, shown
from tests.core.watching.ends import T0, at, failure
from tests.core.watching.test_digest import MIN_10, MIN_28, figures, row

DAILY = Digest("C1", "T", "09:00", "Europe/Berlin", "U0ADA", T0)
WEEKLY = replace(DAILY, weekday=4)
HINTS = {f"hint{number}": f"Reason {number}." for number in range(9)}


def built(found: Figures, digest: Digest | None = DAILY) -> Message:
    """The digest's message with these figures."""
    return digest_message(digest, found, HINTS, "https://app.example", "/bolt")


def failing(name: str) -> Incident:
    """A schedule that is failing."""
    run = IncidentRun.of(failure(7, 1))
    return Incident("C1", name.lower(), "T", 1, name=name, failures=3, first=run, latest=run, failed=run)


def test_the_first_line_is_a_whole_sentence() -> None:
    """The first line is a whole sentence, because a notification shows only that."""
    assert shown(built(figures(row("A", 30, 1), row("B", 10), row("C"))))[0] == (
        ":bar_chart: Daily digest since 02:00: 40 runs of 2 of 3 schedules, 97% succeeded."
    )
    assert shown(built(figures(row("A", 1)), WEEKLY)) == [
        ":bar_chart: Weekly digest since 02:00: 1 run of 1 schedule, 100% succeeded."
    ]
    assert shown(built(figures(row("A"), row("B")), None)) == [
        ":bar_chart: Daily digest since 02:00: no runs have ended (2 watched schedules)."
    ]


def test_every_section_says_what_it_is() -> None:
    """Sections come in order of importance, each with a heading."""
    found = figures(
        row("Orders", 24, 3, hint1=2), row("Stock", 24, 1, now=MIN_28, before=MIN_10), row("Marts", 2, 2, hint2=2)
    )
    missed = [
        replace(row("Hourly", 3), tally=Tally(3, missed=2, missed_last=at(2)), missed_now=at(4)),
        replace(row("Events", 1), missed_now=at(3)),
        replace(row("Loads", 1), tally=Tally(1, missed=1, missed_last=at(2))),
    ]
    lines = shown(built(replace(found, rows=[*found.rows, *missed], failing=[failing("Marts")])))
    assert lines[1:] == [
        "Missed runs",
        "• Hourly: 3, the latest at 06:00",
        "• Events: 05:00",
        "• Loads: 04:00",
        "Failing now",
        ":red_circle: Marts is failing: 3 runs since 03:00",
        "Failed and recovered",
        "• Orders: 3 of 24 runs failed",
        "• Stock: 1 of 24 runs failed",
        "Why",
        "• 2 failures: Reason 1.",
        "• 2 failures: Reason 2.",
        "• 2 failures for other reasons",
        "Slowing down",
        "• Stock: 28 min, usually 10 min",
        "Slowest",
        "• Stock: 28 min",
    ]


def test_it_never_has_more_than_forty_lines() -> None:
    """A digest never has more than forty lines, and each section counts what it leaves out."""
    hints = {f"hint{number}": 2 for number in range(9)}
    rows = [row(f"Job {number}", 30, 20, now=MIN_28, before=MIN_10, **hints) for number in range(50)]
    rows = [replace(one, missed_now=at(1)) for one in rows]
    found = replace(figures(*rows), failing=[failing(f"Bad {number}") for number in range(30)], stale_since=at(1))
    message = built(found)
    lines = shown(message)
    assert 35 <= len(lines) <= 40
    assert "… and 22 more: /bolt failing" in lines
    assert "… and 45 more schedules" in lines
    assert "… and 45 more" in lines
    assert lines[-1] == "I haven't been able to read Bolt's runs since 03:00, so later runs are missing."
    assert said(message.text).count("\n") < 40


def test_durations_are_rounded_to_what_is_known() -> None:
    """Durations are rounded, because they're known only within 5 percent."""
    short = replace(row("A", 3), tally=Tally(3, 0, {}, {36: 3}))
    assert shown(built(figures(short)))[-1] == "• A: 31 s"


def test_setting_it_says_when_it_comes() -> None:
    """The reply says when the digest is posted and what is still missing, with buttons to turn it off or preview it."""
    new = digest_set(DAILY, "new", "", "/bolt", watches=True)
    assert said(new.text) == "I'll post a digest here every day at 09:00 (Europe/Berlin)."
    assert [one.label for one in buttons(new)] == ["Turn off", "Preview"]
    changed = said(digest_set(WEEKLY, "changed", "I'm not in it.", "/bolt", watches=False).text)
    assert changed == (
        "Changed: I'll post a digest here every Friday at 09:00 (Europe/Berlin). "
        f"{NOTHING_WATCHED} Watch some first, as in /bolt watch nightly. I can't post here yet: I'm not in it."
    )
    assert said(digest_off(was_set=True).text) == "I'll no longer post a digest here."
    assert "none is set" in said(digest_off(was_set=False).text)


def test_what_is_set_is_shown_with_what_it_would_be_now() -> None:
    """The current setting is shown with a preview of the digest; without a digest, the reply says how to set one."""
    today = built(figures(row("A", 1)))
    assert shown(digest_shown(DAILY, today, "/bolt", watches=True))[:3] == [
        "A digest is posted here every day at 09:00 (Europe/Berlin).",
        "This is how it would look now:",
        shown(today)[0],
    ]
    assert said(digest_shown(DAILY, None, "/bolt", watches=True).text).endswith(NOTHING_SEEN)
    assert said(digest_shown(None, None, "/bolt", watches=False).text) == (
        "No digest is set in this channel. To get one, type /bolt digest daily 09:00 or "
        f"/bolt digest weekly mon 09:00. {NOTHING_WATCHED}"
    )
