"""`status <run id or schedule>`: how a run stands, told privately."""

from __future__ import annotations

from bot.core.command import StatusCommand
from bot.core.message import Message
from bot.core.run import RunKey
from bot.flows.ports import Asker
from bot.slack.desk import Call, Desk


async def handle(desk: Desk, call: Call, command: StatusCommand) -> Message | None:
    """Answer with what Bolt says now."""
    if command.schedule is not None:
        desk.later(_tell_latest(desk, call.asker, command.schedule), call.asker)
        return None
    if command.run_id is None:
        return Message(("I cannot do that yet.",))
    desk.later(_tell(desk, call.asker, command.run_id), call.asker)
    return None


async def _tell(desk: Desk, asker: Asker, run_id: int) -> None:
    await desk.answers.privately(asker, await desk.status.of(RunKey(desk.workspace, run_id)))


async def _tell_latest(desk: Desk, asker: Asker, schedule: str) -> None:
    await desk.tell(asker, await desk.schedules.latest(schedule))
