"""`/bolt status <run id>`: how a run stands, told privately."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck

from bot.core.command import StatusCommand
from bot.core.run import RunKey
from bot.flows.ports import Asker
from bot.slack.desk import Desk, Payload, command_asker


async def handle(desk: Desk, command: StatusCommand, body: Payload, ack: AsyncAck) -> None:
    """Acknowledge, then answer with what Bolt says now."""
    await ack()
    asker = command_asker(body)
    desk.later(_tell(desk, asker, command.run_id), asker)


async def _tell(desk: Desk, asker: Asker, run_id: int) -> None:
    await desk.answers.privately(asker, await desk.status.of(RunKey(desk.workspace, run_id)))
