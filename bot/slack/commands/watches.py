"""`watches`: list this channel's watches.

`bot.flows.channel_watches` answers it.
"""

from __future__ import annotations

from bot.core.model.command import WatchesCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfChannel
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (WatchesCommand,)


def asks(command: WatchesCommand) -> OfChannel:
    """Return the question for the policy. Seeing what other channels watch requires access to the audit log."""
    return OfChannel(Action.AUDIT, doing="see what other channels watch") if command.every else OfChannel(Action.READ)


async def handle(context: ListenerContext, call: Call, command: WatchesCommand) -> Message | None:
    """Answer privately with the first page."""

    async def answer() -> None:
        await context.tell(call.asker, await context.watches.list_watches(call.asker, command))

    context.later(answer(), call.asker)
    return None
