"""`help [command]`."""

from __future__ import annotations

from bot.core.commands.help_text import usage
from bot.core.model.command import HelpCommand
from bot.core.text.message import Message
from bot.slack.listener_context import Call, Desk


async def handle(desk: Desk, call: Call, command: HelpCommand) -> Message:  # noqa: ARG001 - every command has the same shape
    """All commands, or one with examples."""
    return usage(command.topic, desk.command, f"@{desk.me.name}")
