"""*Run nightly* under "did you mean": the command as it was meant."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.buttons import START_SUGGESTED, read_command_value
from bot.core.command import RetryCommand, RunCommand
from bot.core.errors import BadCommand
from bot.core.grammar import parse
from bot.core.message import Message
from bot.flows.ports import Asker
from bot.slack.actions.another import Answer, start_from_click, tell
from bot.slack.desk import Desk, click_asker


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body)
        answer = await _start(desk, asker, body, action.get("value") or "")
        await ack()
        if answer is not None:
            desk.later(tell(desk, asker, answer), asker)

    app.action(re.compile(rf"^{re.escape(START_SUGGESTED)}\."))(on_click)


async def _start(desk: Desk, asker: Asker, body: dict[str, Any], value: str) -> Answer | None:
    try:
        wanted = parse(read_command_value(value), desk.command)
    except BadCommand as bad:
        return Answer(Message((bad.sentence,)))
    if not isinstance(wanted, RunCommand | RetryCommand):
        return None
    return await start_from_click(desk, asker, body, wanted)
