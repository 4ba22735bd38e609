"""`list [text]`: which schedules there are."""

from __future__ import annotations

from bot.core.command import ListCommand
from bot.slack.desk import Call, Desk


def handle(desk: Desk, call: Call, command: ListCommand) -> None:
    """The first page, privately."""

    async def answer() -> None:
        await desk.tell(call.asker, await desk.schedules.listed(command))

    desk.later(answer(), call.asker)
