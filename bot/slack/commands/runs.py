"""`runs <schedule>`: its recent runs."""

from __future__ import annotations

from bot.core.model.command import RunsCommand
from bot.core.text.message import Message
from bot.slack.listener_context import Call, Desk


async def handle(desk: Desk, call: Call, command: RunsCommand) -> Message | None:
    """The first page, privately."""

    async def answer() -> None:
        await desk.tell(call.asker, await desk.schedules.runs(command))

    desk.later(answer(), call.asker)
    return None
