"""`list [text]`: list the schedules.

`bot.flows.read_schedules` answers it; `bot.core.schedules.filter` chooses the schedules.
"""

from __future__ import annotations

from bot.core.model.command import ListCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfChannel
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (ListCommand,)


def asks(command: ListCommand) -> OfChannel:  # noqa: ARG001 - every command has the same signature
    """Return the question for the policy."""
    return OfChannel(Action.READ)


async def handle(context: ListenerContext, call: Call, command: ListCommand) -> Message | None:
    """Answer privately with the first page."""

    async def answer() -> None:
        await context.tell(call.asker, await context.schedules.list_schedules(command, prefix=context.prefix))

    context.later(answer(), call.asker)
    return None
