"""`/bolt cancel <run id>`: typing the number is the confirmation."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck

from bot.core.command import CancelCommand
from bot.core.run import RunKey
from bot.slack.actions.cancel import take_wish
from bot.slack.desk import Desk, Payload, command_asker


async def handle(desk: Desk, command: CancelCommand, body: Payload, ack: AsyncAck) -> None:
    """Keep the wish, acknowledge, and answer what is known of it."""
    await take_wish(desk, ack, command_asker(body), RunKey(desk.workspace, command.run_id))
