"""Pausing and resuming a schedule: the confirmation, and the answers afterward.

`bot.flows.pause_schedule` decides which of these answers is given.
"""

from __future__ import annotations

from bot.core.model.bolt import Schedule
from bot.core.model.command import PauseCommand, ShowCommand, canonical
from bot.core.text.message import LABEL_MOST, Button, Buttons, Message, Paragraph
from bot.core.text.text import Bold, Emoji, Sentence, cut
from bot.core.views.buttons import PAUSE_NO, PAUSE_YES, command_button, command_value

NAME_SHOWN = 120


def question(schedule: Schedule, *, pause: bool) -> Message:
    """Ask whether to pause or resume a schedule."""
    name = _name(schedule)
    if pause:
        text: Sentence = ("Pause ", name, "? It won't start automatically until someone resumes it.")
        yes, no = "Pause", "Keep it running"
    else:
        text = ("Resume ", name, "? It'll start automatically again.")
        yes, no = "Resume", "Keep it paused"
    value = command_value(canonical(PauseCommand(schedule.slug, pause)))
    spoken = cut(f"{yes} {schedule.name}", LABEL_MOST)
    buttons = (Button(PAUSE_YES, yes, value=value, spoken=spoken), Button(PAUSE_NO, no, value=value, spoken=no))
    return Message(text, (Paragraph(text), Buttons(buttons)))


def done(schedule: Schedule, *, pause: bool) -> Message:
    """Confirm that a schedule is paused or resumed."""
    undo = PauseCommand(schedule.slug, pause=not pause)
    if pause:
        text: Sentence = (
            Emoji("double_vertical_bar"),
            " ",
            _name(schedule),
            " is paused: it won't start automatically.",
        )
        label = "Resume"
    else:
        text = (Emoji("arrow_forward"), " ", _name(schedule), " has been resumed: it starts automatically again.")
        label = "Pause"
    return _with(text, schedule, command_button(label, undo, spoken=cut(f"{label} {schedule.name}", LABEL_MOST)))


def already(schedule: Schedule, *, pause: bool) -> Message:
    """Say that the schedule is already as requested; no request was sent to Bolt."""
    word = "is already paused" if pause else "isn't paused"
    return _with((_name(schedule), f" {word}, so nothing was changed."), schedule)


def left(command: PauseCommand) -> Message:
    """Confirm that nothing was changed, because the person answered no."""
    return Message((Bold(cut(command.schedule_text, NAME_SHOWN)), " stays as it is. Nothing was changed."))


def from_yaml(schedule: Schedule, *, pause: bool) -> Message:
    """Explain that the API can't change a schedule that is defined in a repository's file."""
    word = "paused" if pause else "resumed"
    whom = f"ask its owner, {cut(schedule.owner, NAME_SHOWN)}, or " if schedule.owner else ""
    text: Sentence = (
        _name(schedule),
        f" is defined in a YAML file, so it can't be {word} from here. To have it {word}, {whom}edit that file. Nothing was changed.",
    )
    return _with(text, schedule)


def refused(schedule: Schedule, why: str, *, pause: bool) -> Message:
    """Explain that Bolt refused, with its own reason."""
    owner = f" Its owner is {cut(schedule.owner, NAME_SHOWN)}." if schedule.owner else ""
    verb = "pause" if pause else "resume"
    return _with(
        (f"Bolt didn't {verb} ", _name(schedule), f": {why.rstrip('.')}.{owner} Nothing was changed."), schedule
    )


def unclear(schedule: Schedule, *, pause: bool) -> Message:
    """Say that the outcome is unknown: the response was lost, and reading the schedule again didn't settle it."""
    word = "paused" if pause else "resumed"
    text: Sentence = (
        "Bolt didn't answer, and I couldn't find out whether ",
        _name(schedule),
        f" was {word}. Check its details before you try again.",
    )
    return _with(text, schedule)


def not_done(schedule: Schedule, *, pause: bool) -> Message:
    """Say that nothing was changed: the response was lost, and the schedule is as before."""
    stands = "still isn't paused" if pause else "is still paused"
    again = command_button("Try again", PauseCommand(schedule.slug, pause=pause))
    return _with(("Bolt didn't answer, and ", _name(schedule), f" {stands}. Try again in a minute."), schedule, again)


def inactive(schedule: Schedule) -> Message:
    """Explain that an inactive schedule doesn't start automatically anyway."""
    text: Sentence = (_name(schedule), " is inactive, so it doesn't start automatically anyway. Nothing was changed.")
    return _with(text, schedule)


def _with(text: Sentence, schedule: Schedule, *more: Button) -> Message:
    details = command_button(
        "Details", ShowCommand(schedule.slug), spoken=cut(f"Details of {schedule.name}", LABEL_MOST)
    )
    return Message(text, (Paragraph(text), Buttons((*more, details))))


def _name(schedule: Schedule) -> Bold:
    return Bold(cut(schedule.name or schedule.slug, NAME_SHOWN))
