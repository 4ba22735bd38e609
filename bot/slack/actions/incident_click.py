"""Shared handling of the buttons of an incident's message: recording their effect in time, and asking the policy."""

from __future__ import annotations

import asyncio

from slack_bolt.async_app import AsyncApp

from bot.core.model.errors import StoreUnavailable
from bot.core.model.incident import Incident
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.store_unavailable import database
from bot.slack.actions.reply import Click, Handle, reply_to_click
from bot.slack.authorization import attempt_of, denial
from bot.slack.listener_context import Call, ListenerContext

# Together with the policy's time, this has to stay under the 3 s that Slack waits.
RECORD_S = 2.5
NOT_SURE = "If the message doesn't change within a minute, click again."


def listen_on_incident(app: AsyncApp, context: ListenerContext, action_id: str, handle: Handle) -> None:
    """Listen to a button. A click's effect is recorded before the acknowledgement."""

    async def in_time(context: ListenerContext, call: Call, click: Click) -> Message | None:
        try:
            async with asyncio.timeout(RECORD_S):
                return await handle(context, call, click)
        except (StoreUnavailable, TimeoutError) as error:
            return Message((f"{database(error)} {NOT_SURE}",))

    reply_to_click(app, context, action_id, in_time)


async def handling_denial(context: ListenerContext, call: Call, incident: Incident, does: str) -> Message | None:
    """Return why a person may not handle an incident, or None. `does` says what they want, such as "snooze (4h)"."""
    attempt = attempt_of(call, Action.WATCH, f"{does} {incident.schedule}")
    decision = context.gate.decide_on_slug(attempt, incident.schedule, incident.name)
    # The part in parentheses is only for the audit log.
    return await denial(context, attempt, decision, doing=f"{does.partition(' (')[0]} this incident")
