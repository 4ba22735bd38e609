"""*Retry … runs* and *Don't retry* below the question that `retry --failing` asks; the outcome replaces it.

`bot.core.views.retry_failing` decides which runs the question lists.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.command import RetryCommand
from bot.core.model.errors import BadCommand, StoreUnavailable
from bot.core.model.incident import Incident
from bot.core.model.request import Origin
from bot.core.model.run import RunFacts
from bot.core.policy.decision import Verdict
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action
from bot.core.text.message import Buttons, Message
from bot.core.text.text import Sentence
from bot.core.views.buttons import (
    INCIDENT_RETRY_EACH,
    INCIDENT_RETRY_NONE,
    START_ANOTHER,
    IncidentButton,
    read_runs_value,
)
from bot.core.views.retry_failing import RefusedRetry
from bot.core.views.store_unavailable import database
from bot.slack.authorization import attempt_of
from bot.slack.commands import run
from bot.slack.listener_context import Call, ListenerContext, click_call, replace_or_tell

AT_ONCE = 5


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)

        async def answer() -> None:
            is_yes = action.get("action_id") == INCIDENT_RETRY_EACH
            told = await _retried(context, call, action.get("value") or "") if is_yes else _left()
            await replace_or_tell(context, call.asker, told)

        await ack()
        context.later(answer(), call.asker)

    app.action(INCIDENT_RETRY_EACH)(on_click)
    app.action(INCIDENT_RETRY_NONE)(on_click)


def _left() -> Message:
    return Message(("Nothing was retried.",))


async def _retried(context: ListenerContext, call: Call, value: str) -> Message:
    try:
        incidents = await context.incidents.still_to_retry(call.asker.channel, read_runs_value(value))
    except BadCommand as bad:
        return Message((bad.sentence,))
    except StoreUnavailable as away:
        return Message((f"{database(away)} Nothing was started.",))
    started: list[Incident] = []
    refused: list[RefusedRetry] = []
    for at in range(0, len(incidents), AT_ONCE):
        several = incidents[at : at + AT_ONCE]
        answers = await asyncio.gather(*(_why_not(context, call, one) for one in several))
        for incident, why in zip(several, answers, strict=True):
            if why:
                refused.append(RefusedRetry(incident, why))
            else:
                started.append(incident)
    return context.incidents.retried(started, refused)


async def _why_not(context: ListenerContext, call: Call, incident: Incident) -> Sentence:
    """Retry an incident's newest failed run. Returns the reason if it isn't retried, and otherwise nothing."""
    run_id = incident.failed.run if incident.failed else 0
    call = replace(call, delivery=f"{call.delivery}:{run_id}")
    attempt = attempt_of(call, Action.RETRY, f"retry --failing: {run_id}", posts=True)
    try:
        decision = await context.gate.decide_on_slug(attempt, incident.schedule, incident.name)
        # A retry that needs approval asks for it on its card.
        if decision.verdict in {Verdict.DENY, Verdict.UNKNOWN}:
            return (refusal(decision, Action.RETRY, context.prefix),)
        found = await context.incidents.begin_retry(call.asker, IncidentButton(incident.schedule, run_id))
    except StoreUnavailable as away:
        return (database(away),)
    if isinstance(found, Message):
        return found.text
    origin = Origin(RunFacts(slug=incident.schedule, name=incident.name))
    command = RetryCommand(every=False, run_id=run_id)
    answer = await run.handle(context, call, command, origin=origin, incident=incident.schedule)
    return () if answer is None or _is_repeated(answer) else answer.text


def _is_repeated(answer: Message) -> bool:
    """Whether the person asked for the same thing just now.

    A double click must not replace the first click's answer.
    """
    rows = (block for block in answer.blocks if isinstance(block, Buttons))
    return any(one.action == START_ANOTHER for row in rows for one in row.buttons)
