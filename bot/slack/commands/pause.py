"""`pause <schedule>` and `resume <schedule>`: ask for confirmation first.

`bot.flows.pause_schedule` asks, and decides whether there's anything to do.
"""

from __future__ import annotations

from bot.core.model.command import PauseCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfSchedule
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (PauseCommand,)


def asks(command: PauseCommand) -> OfSchedule:
    """Return the question for the policy."""
    return OfSchedule(Action.PAUSE, command.schedule_text)


async def handle(context: ListenerContext, call: Call, command: PauseCommand) -> Message | None:
    """Ask for confirmation privately."""

    async def answer() -> None:
        await context.tell(call.asker, await context.pause.ask_confirmation(command))

    context.later(answer(), call.asker)
    return None
