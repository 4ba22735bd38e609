"""*Cancel run* on a card."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.asker import Asker
from bot.core.model.errors import BadCommand, StoreUnavailable
from bot.core.model.run import CardRef, RunFacts, RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import CANCEL_RUN, read_run_value
from bot.core.views.store_unavailable import unrecorded
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.listener_context import Call, ListenerContext, click_call, click_message

RECORD_S = 1.0


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the button."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        answer = await _wish(context, call, action.get("value") or "", click_message(body))
        await ack()
        if answer is not None:
            context.later(context.tell(call.asker, answer), call.asker)

    app.action(CANCEL_RUN)(on_click)


async def _wish(context: ListenerContext, call: Call, value: str, ts: str) -> Message | None:
    try:
        button = read_run_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if button.key.workspace != context.workspace:
        return Message(("This card belongs to another Bolt workspace; cancel the run in Bolt.",))
    attempt = attempt_of(call, Action.CANCEL, f"cancel {button.key.id}")
    why_not = await run_denial(context, attempt, button.key)
    if why_not is not None:
        return why_not
    return await take_wish(context, call.asker, button.key, facts=button.facts, card=CardRef(call.asker.channel, ts))


async def take_wish(
    context: ListenerContext, asker: Asker, key: RunKey, *, facts: RunFacts | None = None, card: CardRef | None = None
) -> Message | None:
    """Record the wish, before it is acknowledged where that needs no call to Bolt; what is known of it."""
    try:
        async with asyncio.timeout(RECORD_S):
            kept, answer = await context.cancel.record_wish(asker, key, facts=facts, card=card)
    except (StoreUnavailable, TimeoutError) as error:
        return Message((_unrecorded(error, key),))
    if not kept:
        context.later(_ask_bolt(context, asker, key), asker)
    elif answer is None:
        context.wishes()
    return answer


async def _ask_bolt(context: ListenerContext, asker: Asker, key: RunKey) -> None:
    """A run that nobody here has asked for before: Bolt is asked whether there is one of that number."""
    try:
        answer = await context.cancel.request_cancel(asker, key)
    except StoreUnavailable as away:
        answer = Message((_unrecorded(away, key),))
    if answer is None:
        context.wishes()
    else:
        await context.tell(asker, answer)


def _unrecorded(error: StoreUnavailable | TimeoutError, key: RunKey) -> str:
    again = f"If run {key.id} still goes on in a minute, please ask again."
    return unrecorded(error, nothing=f"Run {key.id} goes on.", otherwise=again)
