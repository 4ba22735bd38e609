"""`history <schedule>`: a picture of its last runs, for everybody here."""

from __future__ import annotations

from bot.core.command import HistoryCommand
from bot.core.message import Message
from bot.slack.desk import Call, Desk


async def handle(desk: Desk, call: Call, command: HistoryCommand) -> Message | None:
    """Draw and post it."""

    async def post() -> None:
        message = await desk.histories.post(call.asker, command, call.delivery)
        if message is not None:
            await desk.tell(call.asker, message)

    desk.later(post(), call.asker)
    return None
