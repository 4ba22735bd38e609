"""`pause <schedule>` and `resume <schedule>`: asked back first."""

from __future__ import annotations

from bot.core.model.command import SuspendCommand
from bot.core.text.message import Message
from bot.slack.listener_context import Call, Desk


async def handle(desk: Desk, call: Call, command: SuspendCommand) -> Message | None:
    """Ask whether that is meant, privately."""

    async def answer() -> None:
        await desk.tell(call.asker, await desk.suspend.ask(command))

    desk.later(answer(), call.asker)
    return None
