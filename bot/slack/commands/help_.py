"""`/bolt help [command]`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck

from bot.core.command import HelpCommand
from bot.core.usage import usage
from bot.slack.desk import Desk


async def handle(desk: Desk, command: HelpCommand, ack: AsyncAck) -> None:
    """Answer in the acknowledgement itself."""
    await ack(**desk.render(usage(command.topic, desk.command)))
