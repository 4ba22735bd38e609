"""Buttons that stand for a command: a click is the same as typing it."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.buttons import COMMAND, read_command_value
from bot.core.errors import BadCommand
from bot.core.grammar import parse
from bot.core.message import Message
from bot.slack import commands
from bot.slack.desk import Desk, click_call
from bot.slack.views.home import shown_page


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, desk.me.team)
        try:
            answer = await commands.handle(
                desk, call, parse(read_command_value(action.get("value") or ""), desk.command)
            )
        except BadCommand as bad:
            answer = Message((bad.sentence,))
        await ack()
        if answer is not None:
            desk.later(desk.tell(call.asker, answer), call.asker)
        page = shown_page(body)
        if page is not None:
            desk.later(desk.home.show(call.asker, number=page), call.asker)

    app.action(re.compile(rf"^{re.escape(COMMAND)}\."))(on_click)
