"""Refusals of a start because its schedule is already running.

`bot.flows.start_while_running` decides when a start is refused or queued again.
"""

from __future__ import annotations

from bot.core.model.request import BlockingRun, Request, blocking_run_facts
from bot.core.model.run import Run, RunKey, run_url
from bot.core.text.message import LABEL_MOST, Button, Buttons, Message, Paragraph
from bot.core.text.text import Bold, Link, Sentence, Span, When, cut, plural
from bot.core.views.buttons import START_QUEUED, follow_button, request_value
from bot.core.views.card import not_started

BY_SHOWN = 80


def already_running(
    request: Request, running: BlockingRun, key: RunKey, *, app_url: str, card_url: str | None
) -> Message:
    """The refusal: the active run, when it began, who started it, and what to do about it.

    `card_url` is the URL of its card in the channel of the request, or None if it has none there.
    """
    text: list[Span] = [
        Bold(request.title),
        " is already running as ",
        Link(run_url(app_url, running.run_id), f"run {running.run_id}"),
    ]
    if running.started_at:
        text += [", started at ", When(running.started_at)]
    if running.by:
        text.append(f"{'' if running.started_at else ', started'} by {cut(running.by, BY_SHOWN)}")
    text.append(". Nothing was started.")
    if card_url:
        text += [" See ", Link(card_url, "its card"), "."]
    sentence: Sentence = tuple(text)
    if request.queued_at is not None:
        return Message(sentence)
    queue = Button(
        START_QUEUED,
        "Run when it ends",
        value=request_value(request.id),
        spoken=cut(f"Run {request.title} when run {running.run_id} ends", LABEL_MOST),
    )
    follow = follow_button(Run(key, facts=blocking_run_facts(running, request.plan)))
    return Message(sentence, (Paragraph(sentence), Buttons((queue,) if card_url else (follow, queue))))


def why_running(request: Request, running: BlockingRun | None) -> str:
    """The refusal in plain text, as it's recorded."""
    name = _schedule(request)
    if request.queued_at is not None:
        run = f" Run {running.run_id} is running now." if running else ""
        return f"Its turn came {plural(request.rounds + 1, 'time')}, but another run was already active each time.{run}"
    if running is None:
        return f"{name} is already running. Nothing was started."
    return f"{name} is already running as run {running.run_id}, started by {running.by}. Nothing was started."


def _schedule(request: Request) -> str:
    """Name the schedule within a sentence."""
    if request.plan is not None and not request.plan.slug:
        return f"The schedule of run {request.plan.parent_run}"
    return request.title


def waited(request: Request) -> Message:
    """Explain why a queued start wasn't sent."""
    when: Sentence = (" You asked for it at ", When(request.queued_at), ".") if request.queued_at else ()
    return Message((*not_started(request), *when))
