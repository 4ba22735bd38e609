"""`unwatch <number or schedule>`: stop a watch of this channel.

`bot.flows.channel_watches` stops the watch.
"""

from __future__ import annotations

from bot.core.model.command import UnwatchCommand, canonical
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import attempt_of
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (UnwatchCommand,)


def asks(command: UnwatchCommand) -> None:
    """Ask nothing yet: the policy is asked once it's known which watch is meant."""


async def handle(context: ListenerContext, call: Call, command: UnwatchCommand) -> Message | None:
    """Stop the watch, or ask which one is meant."""

    async def answer() -> None:
        attempt = attempt_of(call, Action.WATCH, canonical(command))
        await context.tell(call.asker, await context.watches.unwatch(attempt, command))

    context.later(answer(), call.asker)
    return None
