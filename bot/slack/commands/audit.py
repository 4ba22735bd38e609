"""`audit`: who asked for what, for those who may read the record."""

from __future__ import annotations

from bot.core.model.command import AuditCommand
from bot.core.text.message import Message
from bot.slack.listener_context import Call, Desk


async def handle(desk: Desk, call: Call, command: AuditCommand) -> Message | None:
    """The newest entries, privately."""

    async def answer() -> None:
        await desk.tell(call.asker, await desk.record.tell(command))

    desk.later(answer(), call.asker)
    return None
