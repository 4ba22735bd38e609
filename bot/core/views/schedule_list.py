"""The answer to `list`: schedules, ten per page.

`bot.core.schedules.filter` decides which schedules are listed.
"""

from __future__ import annotations

from datetime import datetime

from bot.core.model.bolt import Schedule
from bot.core.model.command import ListCommand, RunCommand, ShowCommand, WatchCommand
from bot.core.model.state_labels import state_emoji, state_word
from bot.core.schedules.cron_in_words import next_told, told
from bot.core.text.message import LABEL_MOST, Block, Buttons, Message, Paragraph
from bot.core.text.text import Bold, Code, Emoji, Sentence, Span, When, cut, plural
from bot.core.views.buttons import fitting
from bot.core.views.paging import ListPage, page_buttons

NAME_SHOWN = 80
OWNER_SHOWN = 80


def schedule_list(
    shown: ListPage[Schedule], command: ListCommand, now: datetime, *, prefix: str, as_of: datetime | None = None
) -> Message:
    """Show a page of schedules. Commands begin with `prefix`; the list is from `as_of` if Bolt doesn't respond."""
    if not shown.total:
        return _nothing(command, prefix)
    old: Sentence = (" This list is from ", When(as_of), ", because Bolt isn't responding.") if as_of else ()
    first: Sentence = (f"{_count(shown.total, command)}{shown.told}.", *old)
    blocks: list[Block] = [Paragraph(first)]
    for at, schedule in enumerate(shown.items):
        blocks.append(Paragraph(_row(schedule, now, inactive=command.inactive)))
        blocks += _buttons(schedule, at, inactive=command.inactive)
    blocks += page_buttons(shown, command)
    return Message((*first, *_spoken(shown)), tuple(blocks))


def paused(schedule: Schedule) -> Sentence:
    """The mark of a paused schedule."""
    return (" · ", Emoji("double_vertical_bar"), " paused") if schedule.suspended else ()


def _count(total: int, command: ListCommand) -> str:
    kinds = [word for word, is_set in (("paused", command.suspended), ("inactive", command.inactive)) if is_set]
    what = plural(total, " ".join([*kinds, "schedule"]))
    text = f" matching {cut(command.text, 80)}" if command.text else ""
    failing = " whose last run failed" if command.failing else ""
    return f"{what}{text}{failing}"


def _spoken(shown: ListPage[Schedule]) -> Sentence:
    """The page on one line, for notifications and screen readers."""
    spans: list[Span] = []
    for at, schedule in enumerate(shown.items):
        state = f"{state_word(schedule.last_run_state)}{', paused' if schedule.suspended else ''}"
        spans += ["; " if at else " ", cut(schedule.name, NAME_SHOWN), f": {state}"]
    return (*spans, ".")


def _row(schedule: Schedule, now: datetime, *, inactive: bool) -> Sentence:
    state = schedule.last_run_state
    spans: list[Span] = [state_emoji(state), " ", Bold(cut(schedule.name, NAME_SHOWN)), " ", state_word(state)]
    if state is not None and schedule.last_run_at is not None:
        spans += [" · last run ", When(schedule.last_run_at, "date_time")]
    spans += [*paused(schedule), "\n"]
    spans += ["inactive · ", *told(schedule.cron)] if inactive else next_told(schedule, now)
    # The name can be any text; the slug is what people type.
    spans += [" · ", Code(cut(schedule.slug, NAME_SHOWN))]
    spans.append(f" · {cut(schedule.owner, OWNER_SHOWN)}" if schedule.owner else " · no owner")
    return tuple(spans)


def _buttons(schedule: Schedule, at: int, *, inactive: bool) -> tuple[Buttons, ...]:
    name, slug = schedule.name or schedule.slug, schedule.slug
    run = () if inactive else fitting("Run", RunCommand(slug), number=at, spoken=cut(f"Run {name}", LABEL_MOST))
    details = fitting("Details", ShowCommand(slug), number=at, spoken=cut(f"Details of {name}", LABEL_MOST))
    spoken = cut(f"Watch {name} in this channel", LABEL_MOST)
    watch = () if inactive else fitting("Watch", WatchCommand(slug), number=at, spoken=spoken)
    return (Buttons((*run, *details, *watch)),) if run or details else ()


def _nothing(command: ListCommand, prefix: str) -> Message:
    what = _count(0, command).removeprefix("0 ")
    if command.text or command.suspended or command.failing:
        return Message((f"There are no {what}. Type ", Code(f"{prefix} list"), " to list all schedules."))
    if command.inactive:
        return Message((f"There are no {what}. Type ", Code(f"{prefix} list"), " to list the active ones."))
    return Message(("There are no schedules in this Bolt workspace. Create one in Bolt, then try again.",))
