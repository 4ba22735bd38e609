"""`show <schedule>`: all that Bolt tells of it."""

from __future__ import annotations

from bot.core.model.command import ShowCommand
from bot.core.text.message import Message
from bot.slack.listener_context import Call, Desk


async def handle(desk: Desk, call: Call, command: ShowCommand) -> Message | None:
    """Answer privately."""

    async def answer() -> None:
        await desk.tell(call.asker, await desk.schedules.show(command))

    desk.later(answer(), call.asker)
    return None
