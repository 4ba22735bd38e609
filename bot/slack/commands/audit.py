"""`audit`: show who asked for what, to those who may read the audit log.

`bot.flows.audit_query` searches the audit log.
"""

from __future__ import annotations

from bot.core.model.command import AuditCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfChannel
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (AuditCommand,)


def asks(command: AuditCommand) -> OfChannel:  # noqa: ARG001 - every command has the same signature
    """Return the question for the policy."""
    return OfChannel(Action.AUDIT)


async def handle(context: ListenerContext, call: Call, command: AuditCommand) -> Message | None:
    """Answer privately with the newest entries."""

    async def answer() -> None:
        await context.tell(call.asker, await context.record.answer_audit(command))

    context.later(answer(), call.asker)
    return None
