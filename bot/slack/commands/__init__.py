"""Commands, from wherever they come. Each verb is a file: it takes what was parsed and calls one flow.

A handler gives the answer that goes with the acknowledgement, None where there is none. What it has to record it records
before it returns; what takes longer it hands to `desk.later`.
"""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.command import (
    CancelCommand,
    Command,
    HelpCommand,
    HistoryCommand,
    ListCommand,
    RunCommand,
    RunsCommand,
    ShowCommand,
    StatusCommand,
    SuspendCommand,
)
from bot.core.errors import BadCommand
from bot.core.grammar import parse
from bot.core.message import Message
from bot.slack.commands import cancel, help_, history, list_, run, runs, show, status, suspend
from bot.slack.desk import Call, Desk, slash_call


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the slash command."""

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            answer = await handle(desk, slash_call(body), parse(body.get("text") or "", desk.command))
        except BadCommand as bad:
            answer = Message((bad.sentence,))
        if answer is None:
            await ack()
        else:
            await ack(**desk.render(answer))

    app.command(desk.command)(on_command)


async def handle(desk: Desk, call: Call, command: Command) -> Message | None:
    """Do what a command asks for."""
    match command:
        case RunCommand():
            return await run.handle(desk, call, command)
        case CancelCommand():
            return await cancel.handle(desk, call, command)
        case StatusCommand():
            return await status.handle(desk, call, command)
        case ListCommand():
            list_.handle(desk, call, command)
        case ShowCommand():
            show.handle(desk, call, command)
        case RunsCommand():
            runs.handle(desk, call, command)
        case HistoryCommand():
            history.handle(desk, call, command)
        case SuspendCommand():
            suspend.handle(desk, call, command)
        case HelpCommand():
            return help_.handle(desk, command)
        case _:
            return Message(("I cannot do that yet.",))
    return None
