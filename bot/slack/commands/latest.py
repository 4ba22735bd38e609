"""`logs <schedule>`, `artifacts <schedule>`, `status last`: for the active run, or else the latest one.

`newest_run` in `bot.flows.read_schedules` finds a schedule's run, and `newest_in` in `bot.flows.answer_guess` finds a
channel's.
"""

from __future__ import annotations

from bot.core.model.command import LatestRunCommand, LogsCommand, canonical
from bot.core.model.errors import StoreUnavailable
from bot.core.model.run import RunFacts, RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.store_unavailable import database
from bot.slack.authorization import OfSchedule, attempt_of, run_denial
from bot.slack.commands import logs
from bot.slack.listener_context import Call, ListenerContext

ACTIONS = {"status": Action.READ, "logs": Action.LOGS, "artifacts": Action.ARTIFACTS}
COMMANDS = (LatestRunCommand,)
NONE_HERE = "I don't know of any runs in this channel from the last week. Give a run's number or a schedule, as in {} {} nightly."


def asks(command: LatestRunCommand) -> OfSchedule | None:
    """Return the question for the policy, or None for the channel's newest run: it's asked once that run is known."""
    return (
        OfSchedule(ACTIONS[command.verb], command.schedule_text, posts=command.follow)
        if command.schedule_text
        else None
    )


async def handle(context: ListenerContext, call: Call, command: LatestRunCommand) -> Message | None:
    """Find the run, and answer as if its number had been typed."""
    context.later(_tell(context, call, command), call.asker)
    return None


async def _tell(context: ListenerContext, call: Call, command: LatestRunCommand) -> None:
    answer = (
        await _of_schedule(context, call, command)
        if command.schedule_text
        else await _of_channel(context, call, command)
    )
    if answer is not None:
        await context.tell(call.asker, answer)


async def _of_schedule(context: ListenerContext, call: Call, command: LatestRunCommand) -> Message | None:
    """Answer about a schedule's newest run. The policy has already been asked about the schedule."""
    found = await context.schedules.newest_run(command)
    if isinstance(found, Message):
        return found
    run, number = found
    return await _read(context, call, command, run.key, run.facts, number)


async def _of_channel(context: ListenerContext, call: Call, command: LatestRunCommand) -> Message | None:
    try:
        run = await context.guesses.newest_in(call.asker.channel) if call.asker.channel else None
    except StoreUnavailable as away:
        return Message((f"{database(away)} Try again in a minute.",))
    if run is None:
        return Message((NONE_HERE.format(context.prefix, command.verb),))
    attempt = attempt_of(call, ACTIONS[command.verb], canonical(command), posts=command.follow)
    why_not = await run_denial(context, attempt, run.key)
    return why_not or await _read(context, call, command, run.key, run.facts, command.number)


async def _read(
    context: ListenerContext, call: Call, command: LatestRunCommand, key: RunKey, facts: RunFacts, number: int | None
) -> Message | None:
    match command.verb:
        case "status":
            return await context.status.run_status(key, facts, channel=call.asker.channel)
        case "artifacts":
            return await context.artifacts.list_artifacts(key)
        case "logs":
            return await logs.handle(context, call, LogsCommand(key.id, number, command.follow))
