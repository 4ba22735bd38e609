"""Lists of active runs: as a private answer in a channel, and entry by entry on the Home tab.

`bot.flows.active_runs` chooses the runs of a channel, and `bot.flows.read_home` those on the Home tab.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.model.command import CancelCommand, RetryCommand, StatusCommand
from bot.core.model.request import Request
from bot.core.model.run import Run, is_failed, is_final, run_url
from bot.core.text.message import Block, Button, Buttons, Facts, Message, Paragraph
from bot.core.text.text import Channel, Code, Link, Mention, Sentence, Span, When, plural
from bot.core.views.buttons import HOME_RUN, command_button, command_in_value, drop_button
from bot.core.views.card import cancel_confirm, facts, headline, queued_facts, retried_by, second_glance, waits_for


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in a list. `channel` has the run's card, or is None if it's obvious; `card_url` is None if unknown."""

    run: Run
    channel: str | None = None
    card_url: str | None = None


@dataclass(frozen=True, slots=True)
class ListedStart:
    """A queued start in a list. The fields are those of `ListedRun`."""

    request: Request
    channel: str | None = None
    card_url: str | None = None


@dataclass(frozen=True, slots=True)
class ListedStarts:
    """Queued starts, in order, and the total."""

    total: int = 0
    listed: tuple[ListedStart, ...] = ()


NO_STARTS = ListedStarts()


def active_here(
    listed: Sequence[ListedRun],
    total: int,
    app_url: str,
    prefix: str,
    queued: ListedStarts = NO_STARTS,
    *,
    mine: bool = False,
) -> Message:
    """List a channel's active runs, newest first, and its queued starts. There may be more of either than are listed.

    `mine`: list one person's runs and starts instead, from any channel.
    """
    none = "You have no active runs" if mine else "I'm not following any active runs in this channel"
    if not listed and not queued.listed:
        start, schedules = Code(f"{prefix} run <schedule>"), Code(f"{prefix} list")
        text: Sentence = (f"{none}. Start one with ", start, " or use ", schedules)
        return Message((*text, " to see the schedules."))
    here = f"{plural(total, 'run is', 'runs are')} active in this channel: "
    counted = f"You have {plural(total, 'active run')}: " if mine else here
    active = counted if listed else ""
    spans: list[Span] = [active or none]
    blocks: list[Block] = []
    for at, one in enumerate(listed):
        spans += ["; " if at else "", *headline(one.run), " (", *_which(one.run, app_url), ")"]
        blocks += entry(one, app_url)
    if total > len(listed):
        more: Sentence = (f"and {plural(total - len(listed), 'older one', 'older ones')} not listed here.",)
        spans += ["; ", *more]
        blocks.append(Facts(more))
    if not listed:
        blocks.append(Paragraph((f"{none}.",)))
    for each in queued.listed:
        spans += ["; ", *waits_for(each.request, app_url), " (requested by ", Mention(each.request.user), ")"]
    return Message(tuple(spans), (*blocks, *start_entries(queued, app_url)))


def start_entries(queued: ListedStarts, app_url: str) -> list[Block]:
    """Show each queued start: what it waits for, who asked, its card, and a button that removes it."""
    blocks: list[Block] = []
    for one in queued.listed:
        where = (*queued_facts(one.request, app_url), *_channel(one))
        drop = Buttons((drop_button(one.request),))
        blocks += [Paragraph(waits_for(one.request, app_url)), Facts(where), drop]
    left_out = queued.total - len(queued.listed)
    if left_out:
        blocks.append(Facts((f"and {plural(left_out, 'more queued start')}.",)))
    return blocks


def _channel(listed: ListedRun | ListedStart) -> Sentence:
    """The channel and the link of the card, as far as they're known."""
    channel: Sentence = (" · in ", Channel(listed.channel)) if listed.channel else ()
    return (*channel, " · ", Link(listed.card_url, "its card")) if listed.card_url else channel


def _which(run: Run, app_url: str) -> Sentence:
    """A run's facts, short enough for a sentence about several runs."""
    spans: list[Span] = [Link(run_url(app_url, run.id), f"run {run.id}")]
    if run.facts.asked_by:
        spans += [", started by ", Mention(run.facts.asked_by)]
    if run.started_at:
        spans += [" at ", When(run.started_at)]
    return tuple(spans)


def entry(listed: ListedRun, app_url: str) -> list[Block]:
    """Show a run in three blocks: its status, its facts and card, and its buttons."""
    run = listed.run
    glance = retried_by(run.retried, app_url) if run.retried else second_glance(run)
    where = (*facts(run, app_url), *_channel(listed))
    first = (*headline(run), "\n", *glance) if glance else headline(run)
    return [Paragraph(first), Facts(where), Buttons(_buttons(listed))]


def _retry(listed: ListedRun) -> Button:
    """The retry button, with the card's channel, because the Home tab isn't in a channel.

    A card in direct messages is the person's own.
    """
    run = listed.run
    value = command_in_value(RetryCommand(every=False, run_id=run.id), listed.channel or "")
    spoken = f"Retry failed of run {run.id} of {run.title}"
    return Button(f"{HOME_RUN}.retry.{run.id}", "Retry failed", value=value, spoken=spoken)


def _buttons(listed: ListedRun) -> tuple[Button, ...]:
    run = listed.run
    details = command_button(
        "Details",
        StatusCommand(run_id=run.id),
        number=run.id,
        spoken=f"Details of run {run.id} of {run.title}",
    )
    if is_failed(run.seen.state) and listed.card_url and not run.retried:
        return (_retry(listed), details)
    if is_final(run.seen.state) or run.wish:
        return (details,)
    cancel = replace(
        command_button(
            "Cancel run", CancelCommand(run.id), number=run.id, spoken=f"Cancel run {run.id} of {run.title}"
        ),
        style="danger",
        confirm=cancel_confirm(run),
    )
    return (cancel, details)
