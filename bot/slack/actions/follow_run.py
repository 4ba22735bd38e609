"""*Follow this run*: a run, whoever started it, gets a card in this channel."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.errors import BadCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import WATCH_RUN, read_run_value
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.listener_context import Call, ListenerContext, click_call


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        answer = await _watch(context, call, action.get("value") or "")
        await ack()
        if answer is not None:
            context.later(context.tell(call.asker, answer), call.asker)

    app.action(re.compile(rf"^{re.escape(WATCH_RUN)}(\.|$)"))(on_click)


async def _watch(context: ListenerContext, call: Call, value: str) -> Message | None:
    try:
        button = read_run_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if button.key.workspace != context.workspace:
        return Message(("This run belongs to another Bolt workspace. Open it in Bolt.",))
    attempt = attempt_of(call, Action.READ, f"watch {button.key.id}", posts=True)
    why_not = await run_denial(context, attempt, button.key)
    if why_not is not None:
        return why_not
    return await context.adopt.request_follow(call.asker, button.key, button.facts)
