"""*Cancel run* on a card."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.errors import BadCommand
from bot.core.model.run import CardRef
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import CANCEL_RUN, read_run_value
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.cancel_wish import take_wish
from bot.slack.listener_context import Call, ListenerContext, click_call, click_message


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
        return Message(("This card belongs to another Bolt workspace. Cancel the run in Bolt.",))
    attempt = attempt_of(call, Action.CANCEL, f"cancel {button.key.id}")
    why_not = await run_denial(context, attempt, button.key)
    if why_not is not None:
        return why_not
    return await take_wish(context, call.asker, button.key, facts=button.facts, card=CardRef(call.asker.channel, ts))
