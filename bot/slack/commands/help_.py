"""`help [command]`."""

from __future__ import annotations

from bot.core.command import HelpCommand
from bot.core.message import Message
from bot.core.usage import usage
from bot.slack.desk import Call, Desk


async def handle(desk: Desk, call: Call, command: HelpCommand) -> Message:  # noqa: ARG001 - every command has the same shape
    """All commands, or one with examples."""
    return usage(command.topic, desk.command, f"@{desk.me.name}")
