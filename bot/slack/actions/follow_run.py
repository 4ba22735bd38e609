"""*Watch it here*: a run, whoever started it, gets a card in this channel."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.errors import BadCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import WATCH_RUN, read_run_value
from bot.slack.authorization import deed, unless_allowed_run
from bot.slack.listener_context import Call, Desk, click_call


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, desk.me.team)
        answer = await _watch(desk, call, action.get("value") or "")
        await ack()
        if answer is not None:
            desk.later(desk.tell(call.asker, answer), call.asker)

    app.action(re.compile(rf"^{re.escape(WATCH_RUN)}(\.|$)"))(on_click)


async def _watch(desk: Desk, call: Call, value: str) -> Message | None:
    try:
        button = read_run_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if button.key.workspace != desk.workspace:
        return Message(("This run belongs to another Bolt workspace; look at it in Bolt.",))
    about = deed(call, Action.READ, f"watch {button.key.id}", posts=True)
    why_not = await unless_allowed_run(desk, about, button.key)
    if why_not is not None:
        return why_not
    return await desk.adopt.ask(call.asker, button.key, button.facts)
