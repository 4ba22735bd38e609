"""`pause <schedule>` and `resume <schedule>`: asked back first."""

from __future__ import annotations

from bot.core.model.command import SuspendCommand
from bot.core.text.message import Message
from bot.slack.listener_context import Call, ListenerContext


async def handle(context: ListenerContext, call: Call, command: SuspendCommand) -> Message | None:
    """Ask whether that is meant, privately."""

    async def answer() -> None:
        await context.tell(call.asker, await context.suspend.ask(command))

    context.later(answer(), call.asker)
    return None
