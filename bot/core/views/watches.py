"""Watches: the answers to making, listing and stopping them.

`bot.core.watching.cover` decides which schedules a watch covers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.core.model.command import UnwatchCommand, WatchesCommand, WatchForm, command_of_watch
from bot.core.model.watch import WATCHES_MOST, WATCHES_MOST_IN_CHANNEL, Watch, WatchAcceptance
from bot.core.text.message import LABEL_MOST, Block, Button, Buttons, Facts, Message, Paragraph
from bot.core.text.text import Bold, Channel, Code, Sentence, Span, cut, plural
from bot.core.views.buttons import command_button, fitting
from bot.core.views.paging import ListPage, page_buttons
from bot.core.views.watch_options import options_in_words
from bot.core.views.watch_pause import why_paused
from bot.core.watching.preview import Preview
from bot.core.watching.unreached_owners import UnreachedOwners

SHOWN = 80
NAMED_MOST = 5
OFFERED_MOST = 5

# Whether a watch was made, was changed, or already existed.
MadeWord = Literal["new", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Refused:
    """Schedules that the policy doesn't let somebody watch, by name, and the reason for the first of them."""

    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Made:
    """A watch that was made or changed, and what there is to say about it.

    `word`: `same` if it already existed. `notified` are the schedules for which Bolt itself posts to the same channel.
    `decided_elsewhere` is the number of schedules for which a more specific watch in the channel takes precedence.
    `cannot_post` says why the bot can't post in the channel. `unreached` are owners whom its mentions won't reach.
    `refused` are schedules that it matches and that the policy leaves out.
    """

    watch: Watch
    word: MadeWord
    preview: Preview
    notified: tuple[str, ...] = ()
    decided_elsewhere: int = 0
    cannot_post: str = ""
    unreached: UnreachedOwners = field(default_factory=UnreachedOwners)
    refused: Refused | None = None


def made(answer: Made) -> Message:
    """Confirm a watch, and say what it covers and what it would have reported."""
    watch = answer.watch
    begin = {"new": "Now watching ", "changed": "Changed: now watching "}.get(answer.word, "Already watching ")
    first = (begin, _pattern(watch), f" here (watch {watch.number}): ", *options_in_words(watch), ".")
    lines: list[Sentence] = [first, *_covers(answer)]
    notes = _notes(answer)
    blocks: list[Block] = [Paragraph(_joined(lines))]
    blocks += [Facts(_joined(notes))] if notes else []
    blocks += buttons_of(watch)
    return Message(_joined([*lines, *notes], " "), tuple(blocks))


def full(accepted: WatchAcceptance) -> Message:
    """Say which limit another watch would exceed."""
    if accepted.word == "channel_full":
        limit = f"There are {WATCHES_MOST_IN_CHANNEL} watches here, which is the limit."
        return Message((f"{limit} Stop one first, or watch several schedules with one pattern. Nothing was changed.",))
    return Message(
        (
            f"There are {WATCHES_MOST} watches across all channels, which is the limit. Stop one first. Nothing was changed.",
        )
    )


def not_allowed(refused: Refused) -> Message:
    """Say that the policy lets the person watch none of the matching schedules."""
    return Message((f"You can't watch {_names(refused.names)} here: {refused.reason}. Nothing was changed.",))


@dataclass(frozen=True, slots=True)
class ListedWatch:
    """A watch in a list, and how many schedules it applies to (None if Bolt can't list them now)."""

    watch: Watch
    covers: int | None


def watch_list(shown: ListPage[ListedWatch], command: WatchesCommand, *, prefix: str, hidden: int = 0) -> Message:
    """List watches, each with its Edit and Stop buttons. `hidden`: how many are in private channels that the person isn't in."""
    if not shown.total and not hidden:
        where = "Nothing is watched in any channel." if command.every else "Nothing is watched here."
        return Message((where, " To add a watch, type ", Code(f"{prefix} watch <schedule or pattern>"), "."))
    where = "across all channels" if command.every else "here"
    first: list[Span] = [f"{plural(shown.total + hidden, 'watch', 'watches')} {where}{shown.told}."]
    first += [f" {hidden} of them {_are(hidden)} in private channels that you aren't in."] if hidden else []
    blocks: list[Block] = [Paragraph(tuple(first))]
    for at, one in enumerate(shown.items):
        blocks.append(Paragraph(_row(one, every=command.every)))
        blocks += [] if command.every else buttons_of(one.watch, number=at)
    blocks += page_buttons(shown, command)
    spoken = [_row(one, every=command.every, between=", ") for one in shown.items]
    return Message(_joined([tuple(first), *spoken], " "), tuple(blocks))


def which_watch(watch_text: str, found: Sequence[Watch]) -> Message:
    """Ask which of several watches to stop."""
    text = _question(watch_text, found)
    lines = [text, *(_named(watch) for watch in found[:OFFERED_MOST])]
    more = len(found) - OFFERED_MOST
    lines += [(f"and {more} more",)] if more > 0 else []
    row = tuple(
        stop_button(watch, number=at, label=f"Stop watch {watch.number}")
        for at, watch in enumerate(found[:OFFERED_MOST])
    )
    return Message(_joined(lines, " "), (Paragraph(_joined(lines)), Buttons(row)))


def no_such_watch(watch_text: str, prefix: str) -> Message:
    """Say that the channel has no such watch."""
    return Message(
        (
            "There's no watch ",
            Code(cut(watch_text, SHOWN)),
            " here. To list the watches, type ",
            Code(f"{prefix} watches"),
            ".",
        )
    )


def in_file(watch: Watch) -> Message:
    """Say that a watch can't be changed in Slack, because it comes from the watches file."""
    why = "is set in a file, so it can't be changed or stopped here. Ask whoever runs this bot to edit that file."
    return Message((f"Watch {watch.number} (", _pattern(watch), f") {why} Nothing was changed."))


def stopped(watch: Watch) -> Message:
    """Confirm that a watch was stopped. A click creates it again, with a new number."""
    text: Sentence = ("No longer watching ", _pattern(watch), f" here (watch {watch.number}).")
    again = fitting("Watch again", command_of_watch(watch), spoken=cut(f"Watch {watch.pattern} again", LABEL_MOST))
    return Message(text, (Paragraph(text), Buttons(again))) if again else Message(text)


def stop_button(watch: Watch, *, number: int = 0, label: str = "Stop") -> Button:
    """The button that stops a watch of the channel in which it's clicked."""
    spoken = cut(f"Stop watch {watch.number}, {watch.pattern}", LABEL_MOST)
    return command_button(label, UnwatchCommand(str(watch.number)), number=number, spoken=spoken)


def buttons_of(watch: Watch, *, number: int = 0) -> list[Buttons]:
    """The buttons that edit and stop a watch. A watch from the watches file has none."""
    if watch.is_from_file:
        return []
    spoken = cut(f"Edit watch {watch.number}, {watch.pattern}", LABEL_MOST)
    edit = command_button("Edit", WatchForm(watch.number), number=number, spoken=spoken)
    return [Buttons((edit, stop_button(watch, number=number)))]


# --- parts ---


def _question(watch_text: str, found: Sequence[Watch]) -> Sentence:
    name = Code(cut(watch_text, SHOWN))
    if len(found) == 1:
        return ("There's no watch ", name, " here, but another watch covers this schedule. Should I stop that watch?")
    return (f"{len(found)} watches here match ", name, ". Which one should I stop?")


def _pattern(watch: Watch) -> Code:
    return Code(cut(watch.pattern, SHOWN))


def _named(watch: Watch) -> Sentence:
    return (Bold(f"Watch {watch.number}"), ": ", _pattern(watch), " · ", *options_in_words(watch))


def _row(one: ListedWatch, *, every: bool, between: str = "\n") -> Sentence:
    where: Sentence = (Channel(one.watch.channel), " · ") if every else ()
    set_in = " · set in a file" if one.watch.is_from_file else ""
    return (*where, *_named(one.watch), set_in, between, _decides(one))


def _decides(one: ListedWatch) -> str:
    if one.watch.paused:
        return f"paused: {why_paused(one.watch.paused)}"
    if one.covers is None:
        return "Bolt isn't listing its schedules right now"
    return f"covers {plural(one.covers, 'schedule')}" if one.covers else "covers no schedules at the moment"


def _covers(answer: Made) -> list[Sentence]:
    preview = answer.preview
    if not preview.schedules:
        return [("No schedule matches it yet. It'll cover matching schedules that are added later.",)]
    lines: list[Sentence] = [
        (f"It covers {plural(preview.schedules, 'schedule')}{_elsewhere(answer.decided_elsewhere)}.",)
    ]
    if not preview.read:
        return [*lines, ("I couldn't read their runs from Bolt, so I can't say what it would have reported.",)]
    lines.append((_would_have(preview),))
    return [*lines, (_busy(preview),)] if round(preview.told.busy) else lines


def _elsewhere(count: int) -> str:
    return f"; for {count} of them, a more specific watch applies" if count else ""


def _would_have(preview: Preview) -> str:
    told = preview.told
    about = "about " if preview.is_estimate else ""
    posted = []
    if round(told.messages):
        failures = plural(round(told.failures), "failed run")
        recovered = plural(round(told.recoveries), "recovery", "recoveries")
        posted.append(f"{about}{plural(round(told.messages), 'message')} for {failures} and {recovered}")
    if round(told.lines):
        posted.append(f"{about}{plural(round(told.lines), 'line')} on individual runs")
    if not posted:
        almost = "almost " if told.messages or told.lines else ""
        return f"In the last 7 days it would have posted {almost}nothing{_sampled(preview)}."
    return (
        f"In the last 7 days it would have posted {', and '.join(posted)}: "
        f"{_a_day(preview.messages_a_day)}{_sampled(preview)}."
    )


def _busy(preview: Preview) -> str:
    """Say how many schedules run so often that only their failures are reported one by one."""
    busy = min(preview.schedules, round(preview.told.busy))
    how = "more than 12 times a day: I report failures one by one, and everything else in one line per hour."
    if busy == preview.schedules:
        return f"{'It runs' if busy == 1 else 'They run'} {how}"
    about = "About " if preview.read < preview.schedules else ""
    return f"{about}{busy} of them {'runs' if busy == 1 else 'run'} {how}"


def _a_day(messages: float) -> str:
    if messages < 1:
        return "less than one message a day"
    return f"about {plural(round(messages), 'message')} a day"


def _sampled(preview: Preview) -> str:
    if preview.read < preview.schedules:
        return f" (estimated from {preview.read} of these schedules)"
    return " (estimated from the newest runs)" if preview.is_estimate else ""


def _notes(answer: Made) -> list[Sentence]:
    notes: list[Sentence] = []
    if answer.cannot_post:
        notes.append((f"I can't post here yet: {answer.cannot_post}",))
    if answer.notified:
        already = f"Bolt itself already notifies this channel about {_names(answer.notified)}."
        notes.append((f"{already} Turn that off in Bolt to hear about each failure only once.",))
    if answer.refused is not None:
        notes.append(
            (
                f"You can't watch {_names(answer.refused.names)} here, so {'it is' if len(answer.refused.names) == 1 else 'they are'} left out: {answer.refused.reason}.",
            )
        )
    return notes + _unreached(answer.unreached)


def _unreached(unreached: UnreachedOwners) -> list[Sentence]:
    """The people whom mentions won't reach, and the reason."""
    sentences = []
    if unreached.absent:
        sentences.append(f"Owners who aren't in this channel won't be notified: {_names(unreached.absent)}.")
    if unreached.unknown:
        sentences.append(f"Owners I can't find in Slack won't be notified: {_names(unreached.unknown)}.")
    if sentences and unreached.checked < unreached.all:
        sentences.append(f"I checked {unreached.checked} of {unreached.all} owners.")
    return [(" ".join(sentences),)] if sentences else []


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _names(names: Sequence[str]) -> str:
    shown = [cut(name, SHOWN) for name in names[:NAMED_MOST]]
    more = len(names) - NAMED_MOST
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def _joined(lines: Sequence[Sentence], between: str = "\n") -> Sentence:
    spans: list[Span] = []
    for at, line in enumerate(lines):
        spans += [between, *line] if at else line
    return tuple(spans)
