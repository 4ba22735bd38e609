"""`failing`: list the open incidents of this channel.

`bot.flows.list_failing` answers it.
"""

from __future__ import annotations

from bot.core.model.command import FailingCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfChannel
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (FailingCommand,)


def asks(command: FailingCommand) -> OfChannel:
    """Return the question for the policy. Seeing what fails in other channels requires access to the audit log."""
    if command.every:
        return OfChannel(Action.AUDIT, doing="see what is failing in other channels")
    return OfChannel(Action.READ)


async def handle(context: ListenerContext, call: Call, command: FailingCommand) -> Message | None:
    """Answer privately with the first page."""

    async def answer() -> None:
        await context.tell(call.asker, await context.failing.list_failing(call.asker, command))

    context.later(answer(), call.asker)
    return None
