"""`@bolt …` in a channel or a thread: the same commands as the slash command, which Slack doesn't allow in threads.

`bot.core.commands.bot_mention` extracts the command, and `bot.slack.events.user_message` handles it.
"""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.core.commands.bot_mention import behind_mention
from bot.flows.private_replies import DIRECT
from bot.slack.events.user_message import handle_message, read_message
from bot.slack.listener_context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to mentions."""

    async def on_mention(body: dict[str, Any], event: dict[str, Any]) -> BoltResponse | None:
        message = read_message(body, event, context.me)
        # In a direct message, Slack may send this in addition to the message itself, which has its own listener.
        if message is None or message.asker.channel.startswith(DIRECT):
            return None
        text = behind_mention(message.text, context.me.bot_user)
        return None if text is None else await handle_message(context, message, text)

    app.event("app_mention")(on_mention)
