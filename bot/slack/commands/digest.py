"""`digest`: show or set when this channel's digest is posted, or preview it.

`bot.flows.set_digest` answers it.
"""

from __future__ import annotations

from bot.core.model.command import DigestCommand
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfChannel
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (DigestCommand,)


def asks(command: DigestCommand) -> OfChannel:
    """Return the question for the policy. Turning the digest off doesn't post anything."""
    if command.every is None:
        return OfChannel(Action.READ)
    return OfChannel(Action.WATCH, posts=command.every != "off")


async def handle(context: ListenerContext, call: Call, command: DigestCommand) -> Message | None:
    """Answer privately."""

    async def answer() -> None:
        await context.tell(call.asker, await context.digests.answer(call.asker, command))

    context.later(answer(), call.asker)
    return None
