"""*Run nightly* below "did you mean": run the command with the suggested name.

`bot.core.schedules.lookup` decides which names are suggested.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.grammar import parse
from bot.core.model.asker import Asker
from bot.core.model.command import RetryCommand, RunCommand, StartCommand, with_name
from bot.core.model.errors import BadCommand, StoreUnavailable
from bot.core.text.message import Message
from bot.core.views.buttons import START_SUGGESTED, read_suggestion_value
from bot.core.views.store_unavailable import database
from bot.slack.actions.start_another import RECORD_S, Answer, start_from_click, tell
from bot.slack.listener_context import ListenerContext, click_asker


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body, context.me.team)
        answer = await _start(context, asker, body, action.get("value") or "")
        await ack()
        if answer is not None:
            context.later(tell(context, asker, answer), asker)

    app.action(re.compile(rf"^{re.escape(START_SUGGESTED)}\."))(on_click)


async def _start(context: ListenerContext, asker: Asker, body: dict[str, Any], value: str) -> Answer | None:
    try:
        text, refused, slug = read_suggestion_value(value)
        start_command = parse(text, context.prefix) if text else await _recorded(context, asker, refused, slug)
    except BadCommand as bad:
        return Answer(Message((bad.sentence,)))
    except (StoreUnavailable, TimeoutError) as error:
        return Answer(Message((f"{database(error)} Nothing was started. Try again in a minute.",)))
    if not isinstance(start_command, RunCommand | RetryCommand):
        return None
    return await start_from_click(context, asker, body, start_command)


async def _recorded(context: ListenerContext, asker: Asker, refused: str, slug: str) -> StartCommand:
    """Load a command that's too long for its button, and put the suggested slug in. Raises BadCommand for anyone but its asker."""
    async with asyncio.timeout(RECORD_S):
        earlier = await context.requests.load_request(refused)
    if earlier is None or earlier.user != asker.user or slug not in earlier.near:
        raise BadCommand("I no longer have a record of that request. Nothing was started. Type the command again.")
    return with_name(earlier.start_command, slug)
