"""Commands, from any source. Each is a module that takes a parsed command and calls one flow.

A module has `COMMANDS`, the records it handles; `asks(command)`, the question for the policy, or None if it's asked
later or not at all; and `handle(context, call, command)`.

A handler returns the answer that is sent with the acknowledgement, or None. Before it returns, it records everything
that must not be lost; it passes longer work to `context.later`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.guess import Guess, acts, read
from bot.core.model.command import Command, canonical
from bot.core.model.errors import BadCommand
from bot.core.policy.rules import Action, Question
from bot.core.text.message import Message
from bot.slack.authorization import Asks, OfChannel, attempt_of, denial
from bot.slack.listener_context import Call, ListenerContext, slash_call
from bot.slack.modules import modules_of

# Prefix of Slack's names for group direct messages.
GROUP_MESSAGE = "mpdm-"
# Spent before a start is recorded, within the 3 s that Slack waits.
NOTE_S = 0.2


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the slash command."""

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _note_channel(context, body)
        try:
            meant = read(body.get("text") or "", context.prefix, names=(context.me.name,))
            answer = await handle_read(context, slash_call(body, context.me.team), meant)
        except BadCommand as bad:
            answer = Message((bad.sentence,))
        if answer is None:
            await ack()
        else:
            await ack(**context.render(answer))

    app.command(context.prefix)(on_command)


async def _note_channel(context: ListenerContext, body: dict[str, Any]) -> None:
    if str(body.get("channel_name") or "").startswith(GROUP_MESSAGE):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTE_S):
                await context.people.note_group_message(body["channel_id"])


@dataclass(frozen=True, slots=True)
class Handler:
    """The functions of a command's module."""

    asks: Callable[[Any], Asks | None]
    handle: Callable[[ListenerContext, Call, Any], Awaitable[Message | None]]


@cache
def handlers() -> dict[type[Command], Handler]:
    """Map each command to its handler."""
    return {
        command: Handler(module.asks, module.handle) for module in modules_of(__name__) for command in module.COMMANDS
    }


async def command_denial(context: ListenerContext, call: Call, command: Command) -> Message | None:
    """Return why a command is denied, or None if it's allowed, or if it's checked later, as a start is."""
    if call.queued is not None or call.pending is not None:
        # The command is about a start, which has no run yet. The policy is asked when the start is dropped.
        return None
    asks = handlers()[type(command)].asks(command)
    if asks is None:
        return None
    attempt = attempt_of(call, asks.action, canonical(command), posts=asks.posts)
    doing = asks.doing if isinstance(asks, OfChannel) else ""
    return await denial(context, attempt, asks.decision(context, attempt), doing=doing)


async def handle(context: ListenerContext, call: Call, command: Command) -> Message | None:
    """Check the policy and handle a command.

    A start is checked when it's planned, because only then are its details known.
    """
    why_not = await command_denial(context, call, command)
    if why_not is not None:
        return why_not
    return await handlers()[type(command)].handle(context, call, command)


async def handle_read(context: ListenerContext, call: Call, meant: Command | Guess) -> Message | None:
    """Handle typed words. A guess is resolved once the schedules are loaded, and can only read."""
    if not isinstance(meant, Guess):
        return await handle(context, call, meant)
    context.later(_answer_guess(context, call, meant), call.asker)
    return None


async def _answer_guess(context: ListenerContext, call: Call, guess: Guess) -> None:
    decision = await context.gate.decide_unrecorded(call.asker, Question(Action.READ))
    if not decision.allowed:
        await context.tell(call.asker, Message((guess.sentence,)))
        return
    answer: Message | Command | None = await context.guesses.answer(guess, call.asker.channel)
    if answer is not None and not isinstance(answer, Message):
        answer = None if acts(answer) else await handle(context, call, answer)
    if answer is not None:
        await context.tell(call.asker, answer)
