"""`status [run id or schedule]`: show a run's state, or a channel's active runs.

In a direct message, the person's runs.

`bot.flows.status` answers about a run, and `bot.flows.active_runs` about a channel or person.
"""

from __future__ import annotations

import asyncio

from bot.core.model.asker import Asker
from bot.core.model.command import StatusCommand
from bot.core.model.errors import StoreUnavailable
from bot.core.model.run import RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.store_unavailable import database
from bot.flows.private_replies import DIRECT
from bot.slack.authorization import Asks, OfChannel, OfRun, OfSchedule
from bot.slack.listener_context import Call, ListenerContext

READ_S = 1.0

COMMANDS = (StatusCommand,)


def asks(command: StatusCommand) -> Asks:
    """Return the question for the policy."""
    if command.run_id is not None:
        return OfRun(Action.READ, command.run_id)
    return (
        OfSchedule(Action.READ, command.schedule_text) if command.schedule_text is not None else OfChannel(Action.READ)
    )


async def handle(context: ListenerContext, call: Call, command: StatusCommand) -> Message | None:
    """Answer with Bolt's current state."""
    if command.schedule_text is not None:
        context.later(_tell_latest(context, call.asker, command.schedule_text), call.asker)
        return None
    if command.run_id is None:
        return await _here(context, call.asker)
    context.later(_tell(context, call.asker, command.run_id), call.asker)
    return None


async def _here(context: ListenerContext, asker: Asker) -> Message:
    """List active runs from our own records, without a call to Bolt, so the answer goes with the acknowledgement."""
    if not asker.channel:
        there = f"Type {context.prefix} status in that channel."
        return Message((f"I don't know which channel you mean. {there} App Home shows your own runs.",))
    try:
        async with asyncio.timeout(READ_S):
            if asker.channel.startswith(DIRECT):
                return await context.active.active_of_person(asker.user, prefix=context.prefix)
            return await context.active.active_in_channel(asker.channel, prefix=context.prefix)
    except (StoreUnavailable, TimeoutError) as error:
        return Message((f"{database(error)} Your runs in Bolt aren't affected. Try again in a minute.",))


async def _tell(context: ListenerContext, asker: Asker, run_id: int) -> None:
    await context.tell(asker, await context.status.run_status(RunKey(context.workspace, run_id), channel=asker.channel))


async def _tell_latest(context: ListenerContext, asker: Asker, schedule: str) -> None:
    await context.tell(asker, await context.schedules.latest_run(schedule, channel=asker.channel))
