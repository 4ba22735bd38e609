"""`runs <schedule>`: list its recent runs.

`bot.flows.read_schedules` answers it.
"""

from __future__ import annotations

from bot.core.model.command import RunsCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfSchedule
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (RunsCommand,)


def asks(command: RunsCommand) -> OfSchedule:
    """Return the question for the policy."""
    return OfSchedule(Action.READ, command.schedule_text)


async def handle(context: ListenerContext, call: Call, command: RunsCommand) -> Message | None:
    """Answer privately with the first page."""

    async def answer() -> None:
        await context.tell(call.asker, await context.schedules.list_runs(command))

    context.later(answer(), call.asker)
    return None
