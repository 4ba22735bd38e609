"""*Previous* and *Next* under a list: the list is read anew, and its page replaces the one that is shown."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.grammar import parse
from bot.core.model.command import ListCommand, RunsCommand
from bot.core.model.errors import BadCommand
from bot.core.text.message import Message
from bot.core.views.buttons import LIST_PAGE, read_page_value
from bot.slack.authorization import refused
from bot.slack.listener_context import Call, Desk, click_call, replace_or_tell


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, desk.me.team)

        async def turn() -> None:
            await replace_or_tell(desk, call.asker, await _page(desk, call, action.get("value") or ""))

        await ack()
        desk.later(turn(), call.asker)

    app.action(re.compile(rf"^{re.escape(LIST_PAGE)}\.(previous|next)$"))(on_click)


async def _page(desk: Desk, call: Call, value: str) -> Message:
    try:
        text, number = read_page_value(value)
        command = parse(text, desk.command)
    except BadCommand as bad:
        return Message((bad.sentence,))
    why_not = await refused(desk, call, command)
    if why_not is not None:
        return why_not
    match command:
        case ListCommand():
            return await desk.schedules.listed(command, number, typed=desk.command)
        case RunsCommand():
            return await desk.schedules.runs(command, number)
        case _:
            return Message(("This button is from another version of me; type the command again.",))
