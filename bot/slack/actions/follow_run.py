"""*Follow this run*: post a card in this channel for a run that anyone may have started."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import FOLLOW_RUN
from bot.slack.actions.reply import Click, reply_to_click, run_of_click
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""
    reply_to_click(app, context, re.compile(rf"^{re.escape(FOLLOW_RUN)}(\.|$)"), _follow)


async def _follow(context: ListenerContext, call: Call, click: Click) -> Message | None:
    button = run_of_click(context, click, "This run belongs to another Bolt workspace. Open it in Bolt.")
    attempt = attempt_of(call, Action.READ, f"follow {button.key.id}", posts=True)
    why_not = await run_denial(context, attempt, button.key)
    if why_not is not None:
        return why_not
    return await context.follow_run.request_follow(call.asker, button.key, button.facts)
