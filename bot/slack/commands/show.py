"""`show <schedule>`: show a schedule's details.

`bot.flows.read_schedules` reads the schedule, and `bot.core.views.schedule_page` shows it.
"""

from __future__ import annotations

from bot.core.model.command import ShowCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfSchedule
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (ShowCommand,)


def asks(command: ShowCommand) -> OfSchedule:
    """Return the question for the policy."""
    return OfSchedule(Action.READ, command.schedule_text)


async def handle(context: ListenerContext, call: Call, command: ShowCommand) -> Message | None:
    """Answer privately."""

    async def answer() -> None:
        await context.tell(call.asker, await context.schedules.show_schedule(command))

    context.later(answer(), call.asker)
    return None
