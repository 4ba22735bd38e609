"""*Cancel run* on a card.

`bot.flows.cancel` carries the request out; the confirmation is in `bot.core.views.card`.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.model.run import CardRef
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import CANCEL_RUN
from bot.slack.actions.reply import Click, reply_to_click, run_of_click
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.cancel_wish import take_wish
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the button."""
    reply_to_click(app, context, CANCEL_RUN, _cancel)


async def _cancel(context: ListenerContext, call: Call, click: Click) -> Message | None:
    button = run_of_click(context, click, "This card belongs to another Bolt workspace. Cancel the run in Bolt.")
    attempt = attempt_of(call, Action.CANCEL, f"cancel {button.key.id}")
    why_not = await run_denial(context, attempt, button.key)
    if why_not is not None:
        return why_not
    card = CardRef(call.asker.channel, click.message_ts)
    return await take_wish(context, call.asker, button.key, facts=button.facts, card=card)
