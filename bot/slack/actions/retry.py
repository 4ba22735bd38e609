"""*Retry failed* and *Retry all* on a card."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.command import RetryCommand
from bot.core.model.errors import BadCommand
from bot.core.model.request import Origin
from bot.core.model.run import CardRef
from bot.core.text.message import Message
from bot.core.views.buttons import RETRY_ALL, RETRY_FAILED, read_run_value
from bot.slack.commands import run
from bot.slack.listener_context import Call, ListenerContext, click_call, click_message


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        every = action.get("action_id") == RETRY_ALL
        answer = await _retry(context, call, action.get("value") or "", click_message(body), every=every)
        await ack()
        if answer is not None:
            context.later(context.tell(call.asker, answer), call.asker)

    app.action(RETRY_FAILED)(on_click)
    app.action(RETRY_ALL)(on_click)


async def _retry(context: ListenerContext, call: Call, value: str, ts: str, *, every: bool) -> Message | None:
    """Record the retry, before it is acknowledged. The value may have to serve for a record that Redis has lost."""
    try:
        button = read_run_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if button.key.workspace != context.workspace:
        return Message(("This card belongs to another Bolt workspace. Retry the run in Bolt. Nothing was started.",))
    origin = Origin(button.facts, CardRef(call.asker.channel, ts) if ts else None)
    return await run.handle(context, call, RetryCommand(every, run_id=button.key.id), origin=origin)
