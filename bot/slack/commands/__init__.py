"""Commands, from wherever they come. Each is a module that takes what was parsed and calls one flow.

A module has `COMMANDS`, the records it handles; `asks(command)`, what the policy is asked before, None if it's asked later or
not at all; and `handle(context, call, command)`.

A handler gives the answer that goes with the acknowledgement, None where there is none. What it has to record it records
before it returns; what takes longer it hands to `context.later`.
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
from bot.slack.authorization import Asks, attempt_of, denial
from bot.slack.listener_context import Call, ListenerContext, slash_call
from bot.slack.modules import modules_of

# How Slack names direct messages of several people.
GROUP_MESSAGE = "mpdm-"
# Before a start is recorded, within the 3 s that Slack waits.
NOTE_S = 0.2


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the slash command."""

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _note_place(context, body)
        try:
            meant = read(body.get("text") or "", context.command, names=(context.me.name,))
            answer = await handle_read(context, slash_call(body, context.me.team), meant)
        except BadCommand as bad:
            answer = Message((bad.sentence,))
        if answer is None:
            await ack()
        else:
            await ack(**context.render(answer))

    app.command(context.command)(on_command)


async def _note_place(context: ListenerContext, body: dict[str, Any]) -> None:
    if str(body.get("channel_name") or "").startswith(GROUP_MESSAGE):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTE_S):
                await context.people.note_group_message(body["channel_id"])


@dataclass(frozen=True, slots=True)
class Handler:
    """What a command's module does with it."""

    asks: Callable[[Any], Asks | None]
    handle: Callable[[ListenerContext, Call, Any], Awaitable[Message | None]]


@cache
def handlers() -> dict[type[Command], Handler]:
    """Who handles which command."""
    return {
        command: Handler(module.asks, module.handle) for module in modules_of(__name__) for command in module.COMMANDS
    }


async def command_denial(context: ListenerContext, call: Call, command: Command) -> Message | None:
    """Why a command isn't done; None if it may be, or if the policy is asked later, as for a start."""
    if call.waiting is not None or call.pending is not None:
        # It is about a start, which has no run yet: that is asked about where it is taken back.
        return None
    asks = handlers()[type(command)].asks(command)
    if asks is None:
        return None
    attempt = attempt_of(call, asks.action, canonical(command), posts=asks.posts)
    return await denial(context, attempt, asks.decision(context, attempt))


async def handle(context: ListenerContext, call: Call, command: Command) -> Message | None:
    """Do what a command asks for, where it is allowed. A start is asked about when it is looked up: then it is known what it is."""
    why_not = await command_denial(context, call, command)
    if why_not is not None:
        return why_not
    return await handlers()[type(command)].handle(context, call, command)


async def handle_read(context: ListenerContext, call: Call, meant: Command | Guess) -> Message | None:
    """Do what was typed. A guess is answered once the schedules are at hand, and does no more than read."""
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
