"""*Previous* and *Next* below a list: read the list again and replace the page that is shown."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.grammar import parse
from bot.core.model.command import FailingCommand, ListCommand, RunsCommand, WatchesCommand
from bot.core.model.errors import BadCommand
from bot.core.text.message import Message
from bot.core.views.buttons import LIST_PAGE, read_page_value
from bot.slack.commands import command_denial
from bot.slack.listener_context import Call, ListenerContext, click_call, replace_or_tell


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)

        async def turn() -> None:
            await replace_or_tell(context, call.asker, await _page(context, call, action.get("value") or ""))

        await ack()
        context.later(turn(), call.asker)

    app.action(re.compile(rf"^{re.escape(LIST_PAGE)}\.(previous|next)$"))(on_click)


async def _page(context: ListenerContext, call: Call, value: str) -> Message:
    try:
        text, number = read_page_value(value)
        command = parse(text, context.prefix)
    except BadCommand as bad:
        return Message((bad.sentence,))
    why_not = await command_denial(context, call, command)
    if why_not is not None:
        return why_not
    match command:
        case ListCommand():
            return await context.schedules.list_schedules(command, number, prefix=context.prefix)
        case RunsCommand():
            return await context.schedules.list_runs(command, number)
        case WatchesCommand():
            return await context.watches.list_watches(call.asker, command, number)
        case FailingCommand():
            return await context.failing.list_failing(call.asker, command, number)
        case _:
            return Message(("This button is from another version of this bot. Type the command again.",))
