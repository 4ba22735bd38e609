"""`watch <schedule or pattern>`: report failures and recoveries in this channel.

`bot.flows.watch_schedules` makes the watch; its defaults are in `bot.core.watching.watch_of_command`.
"""

from __future__ import annotations

from bot.core.model.command import WatchCommand, canonical
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import attempt_of
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (WatchCommand,)


def asks(command: WatchCommand) -> None:
    """Return no question for the policy yet: it's asked about each schedule once the schedules are known."""


async def handle(context: ListenerContext, call: Call, command: WatchCommand) -> Message | None:
    """Create the watch, and answer privately with what it covers."""

    async def answer() -> None:
        attempt = attempt_of(call, Action.WATCH, canonical(command), posts=True)
        await context.tell(call.asker, await context.watcher.watch(attempt, command))

    context.later(answer(), call.asker)
    return None
