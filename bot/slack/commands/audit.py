"""`audit`: who asked for what, for those who may read the record."""

from __future__ import annotations

from bot.core.model.command import AuditCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfChannel
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (AuditCommand,)


def asks(command: AuditCommand) -> OfChannel:  # noqa: ARG001 - every command has the same shape
    """What the policy is asked before."""
    return OfChannel(Action.AUDIT)


async def handle(context: ListenerContext, call: Call, command: AuditCommand) -> Message | None:
    """The newest entries, privately."""

    async def answer() -> None:
        await context.tell(call.asker, await context.record.answer_audit(command))

    context.later(answer(), call.asker)
    return None
