"""`status [run id or schedule]`: how a run stands, or the runs that are active in this channel, told privately."""

from __future__ import annotations

import asyncio

from bot.core.model.command import StatusCommand
from bot.core.model.errors import StoreAway
from bot.core.model.run import RunKey
from bot.core.text.message import Message
from bot.core.views.store_unavailable import database
from bot.flows.ports.slack import Asker
from bot.slack.listener_context import Call, Desk

READ_S = 1.0


async def handle(desk: Desk, call: Call, command: StatusCommand) -> Message | None:
    """Answer with what Bolt says now."""
    if command.schedule is not None:
        desk.later(_tell_latest(desk, call.asker, command.schedule), call.asker)
        return None
    if command.run_id is None:
        return await _here(desk, call.asker)
    desk.later(_tell(desk, call.asker, command.run_id), call.asker)
    return None


async def _here(desk: Desk, asker: Asker) -> Message:
    """From my own records: no call to Bolt, so it goes with the acknowledgement."""
    if not asker.channel:
        return Message((f"Type {desk.command} status in the channel that you mean; App Home shows what is yours.",))
    try:
        async with asyncio.timeout(READ_S):
            return await desk.active.here(asker.channel, typed=desk.command)
    except (StoreAway, TimeoutError) as error:
        return Message((f"{database(error)} Your runs go on; ask again in a minute.",))


async def _tell(desk: Desk, asker: Asker, run_id: int) -> None:
    await desk.tell(asker, await desk.status.of(RunKey(desk.workspace, run_id), channel=asker.channel))


async def _tell_latest(desk: Desk, asker: Asker, schedule: str) -> None:
    await desk.tell(asker, await desk.schedules.latest(schedule, channel=asker.channel))
