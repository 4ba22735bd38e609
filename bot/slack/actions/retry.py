"""*Retry failed* and *Retry all* on a card.

`bot.core.views.card` decides which retry buttons a card has, and `bot.flows.plan_start` decides whether a run can be
retried.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.model.command import RetryCommand
from bot.core.model.request import Origin
from bot.core.model.run import CardRef
from bot.core.text.message import Message
from bot.core.views.buttons import RETRY_ALL, RETRY_FAILED
from bot.slack.actions.reply import Click, reply_to_click, run_of_click
from bot.slack.commands import run
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""
    reply_to_click(app, context, RETRY_FAILED, _retry)
    reply_to_click(app, context, RETRY_ALL, _retry)


async def _retry(context: ListenerContext, call: Call, click: Click) -> Message | None:
    """Record the retry before the acknowledgement.

    The button's value replaces the run's record if Redis has lost it.
    """
    elsewhere = "This card belongs to another Bolt workspace. Retry the run in Bolt. Nothing was started."
    button = run_of_click(context, click, elsewhere)
    origin = Origin(button.facts, CardRef(call.asker.channel, click.message_ts) if click.message_ts else None)
    command = RetryCommand(click.action_id == RETRY_ALL, run_id=button.key.id)
    return await run.handle(context, call, command, origin=origin)
