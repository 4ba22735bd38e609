"""*Approve* and *Deny* on the card of a start that somebody has to approve."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.asker import Asker
from bot.core.model.errors import BadCommand
from bot.core.text.message import Message
from bot.core.views.buttons import APPROVE_START, DENY_START, read_request_value
from bot.slack.listener_context import ListenerContext, click_asker


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to both buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body, context.me.team)
        yes = action.get("action_id") == APPROVE_START
        answer = await _decide(context, asker, action.get("value") or "", yes=yes)
        await ack()
        if answer is not None:
            context.later(context.tell(asker, answer), asker)

    app.action(APPROVE_START)(on_click)
    app.action(DENY_START)(on_click)


async def _decide(context: ListenerContext, asker: Asker, value: str, *, yes: bool) -> Message | None:
    try:
        request = read_request_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    return await context.approvals.decide_approval(asker, request, yes=yes)
