"""`help [command]`."""

from __future__ import annotations

from bot.core.command import HelpCommand
from bot.core.message import Message
from bot.core.usage import usage
from bot.slack.desk import Desk


def handle(desk: Desk, command: HelpCommand) -> Message:
    """All commands, or one with examples."""
    return usage(command.topic, desk.command, f"@{desk.me.name}")
