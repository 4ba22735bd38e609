"""Commands in a direct message to the bot, with or without a mention."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.core.commands.bot_mention import behind_mention
from bot.slack.events.user_message import handle_message, read_message
from bot.slack.listener_context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to messages. Channel messages aren't subscribed to; if one arrives anyway, it isn't a command."""

    async def on_message(body: dict[str, Any], event: dict[str, Any]) -> BoltResponse | None:
        message = read_message(body, event, context.me) if event.get("channel_type") == "im" else None
        if message is None:
            return None
        text = behind_mention(message.text, context.me.bot_user)
        return await handle_message(context, message, message.text if text is None else text)

    app.event("message")(on_message)
