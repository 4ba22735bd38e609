"""`cancel <run id>`: typing the number is the confirmation."""

from __future__ import annotations

from bot.core.command import CancelCommand
from bot.core.message import Message
from bot.core.run import RunKey
from bot.slack.actions.cancel import take_wish
from bot.slack.desk import Call, Desk


async def handle(desk: Desk, call: Call, command: CancelCommand) -> Message | None:
    """Keep the wish, and answer what is known of it."""
    return await take_wish(desk, call.asker, RunKey(desk.workspace, command.run_id))
