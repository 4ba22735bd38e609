"""`logs <run id> [command number] [--follow]`: show a command's log privately, or live in the thread.

`bot.flows.logs` shows a log, and `bot.flows.tail_log` follows one.
"""

from __future__ import annotations

import asyncio

from bot.core.model.command import LogsCommand
from bot.core.model.errors import StoreUnavailable
from bot.core.model.run import RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.store_unavailable import unrecorded
from bot.flows.thread_subject import LostCard
from bot.slack.authorization import OfRun
from bot.slack.listener_context import Call, ListenerContext

RECORD_S = 1.0

COMMANDS = (LogsCommand,)


def asks(command: LogsCommand) -> OfRun:
    """Return the question for the policy."""
    return OfRun(Action.LOGS, command.run_id, posts=command.follow)


async def handle(context: ListenerContext, call: Call, command: LogsCommand) -> Message | None:
    """Answer with Bolt's current log, or record a live log."""
    key = RunKey(context.workspace, command.run_id)
    if not command.follow:
        context.later(_tell(context, call, key, command.number), call.asker)
        return None
    lost = call.lost
    if lost is not None and not lost.over and lost.run.key == key:
        context.later(_again(context, call, lost, command.number), call.asker)
        return None
    try:
        async with asyncio.timeout(RECORD_S):
            answer = await context.tail_log.begin_tail(call.asker, key, command.number)
    except (StoreUnavailable, TimeoutError) as error:
        again = "If no log appears within a minute, try again."
        return Message((unrecorded(error, nothing="I'm not following the log.", otherwise=again),))
    if answer is None:
        context.later(_instead(context, call, key, command.number), call.asker)
    else:
        context.wake_live_logs()
    return answer


async def _tell(context: ListenerContext, call: Call, key: RunKey, number: int | None) -> None:
    await context.tell(call.asker, await context.logs.show_log(key, number))


async def _again(context: ListenerContext, call: Call, lost: LostCard, number: int | None) -> None:
    """Start a live log in the thread of a card whose record is recreated, which needs a call to Bolt."""
    answer = await context.tail_log.restore_and_begin_tail(call.asker, lost, number)
    if answer is None:
        await _instead(context, call, lost.run.key, number)
        return
    context.wake_live_logs()
    await context.tell(call.asker, answer)


async def _instead(context: ListenerContext, call: Call, key: RunKey, number: int | None) -> None:
    """Answer if a log can't be followed: give the reason, or the log itself if the run is over."""
    answer = await context.tail_log.why_not(key) or await context.logs.show_log(key, number)
    await context.tell(call.asker, answer)
