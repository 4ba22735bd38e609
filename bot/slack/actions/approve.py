"""*Approve* and *Deny* on the card of a start that needs approval.

`bot.flows.approve` checks who may decide.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.text.message import Message
from bot.core.views.buttons import APPROVE_START, DENY_START, read_request_value
from bot.slack.actions.reply import Click, reply_to_click
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to both buttons."""
    reply_to_click(app, context, APPROVE_START, _decide)
    reply_to_click(app, context, DENY_START, _decide)


async def _decide(context: ListenerContext, call: Call, click: Click) -> Message | None:
    request = read_request_value(click.value)
    return await context.approvals.decide_approval(call.asker, request, yes=click.action_id == APPROVE_START)
