"""*Watch it here*: a run, whoever started it, gets a card in this channel."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.buttons import WATCH_RUN, read_run_value
from bot.core.errors import BadCommand
from bot.core.message import Message
from bot.flows.ports import Asker
from bot.slack.desk import Desk, click_asker


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body)
        answer = await _watch(desk, asker, action.get("value") or "")
        await ack()
        if answer is not None:
            desk.later(desk.tell(asker, answer), asker)

    app.action(re.compile(rf"^{re.escape(WATCH_RUN)}(\.|$)"))(on_click)


async def _watch(desk: Desk, asker: Asker, value: str) -> Message | None:
    try:
        button = read_run_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if button.key.workspace != desk.workspace:
        return Message(("This run belongs to another Bolt workspace; look at it in Bolt.",))
    return await desk.adopt.ask(asker, button.key, button.facts)
