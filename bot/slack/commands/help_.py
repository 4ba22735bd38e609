"""`help [command]`.

The text of each command is in `bot.core.commands.verbs`.
"""

from __future__ import annotations

from bot.core.commands.help_text import usage
from bot.core.model.command import HelpCommand
from bot.core.text.message import Message
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (HelpCommand,)


def asks(command: HelpCommand) -> None:
    """Return no question for the policy: everyone may read the help."""


async def handle(context: ListenerContext, call: Call, command: HelpCommand) -> Message:  # noqa: ARG001 - every command has the same signature
    """Show all commands, or one with examples."""
    return usage(command.topic, context.prefix, f"@{context.me.name}", unknown=command.unknown)
