"""*Previous* and *Next* under a list: the list is read anew, and its page replaces the one that is shown."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.buttons import LIST_PAGE, read_page_value
from bot.core.command import ListCommand, RunsCommand
from bot.core.errors import BadCommand
from bot.core.grammar import parse
from bot.core.message import Message
from bot.slack.desk import Desk, click_asker, replace_or_tell


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body)

        async def turn() -> None:
            await replace_or_tell(desk, asker, await _page(desk, action.get("value") or ""))

        await ack()
        desk.later(turn(), asker)

    app.action(re.compile(rf"^{re.escape(LIST_PAGE)}\.(previous|next)$"))(on_click)


async def _page(desk: Desk, value: str) -> Message:
    try:
        text, number = read_page_value(value)
        command = parse(text, desk.command)
    except BadCommand as bad:
        return Message((bad.sentence,))
    match command:
        case ListCommand():
            return await desk.schedules.listed(command, number, typed=desk.command)
        case RunsCommand():
            return await desk.schedules.runs(command, number)
        case _:
            return Message(("This button is from another version of me; type the command again.",))
