"""Commands, from wherever they come. Each verb is a file: it takes what was parsed and calls one flow.

A handler gives the answer that goes with the acknowledgement, None where there is none. What it has to record it records
before it returns; what takes longer it hands to `context.later`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.grammar import parse
from bot.core.model.command import (
    ArtifactsCommand,
    AuditCommand,
    CancelCommand,
    Command,
    HelpCommand,
    HistoryCommand,
    ListCommand,
    LogsCommand,
    RetryCommand,
    RunCommand,
    RunForm,
    RunsCommand,
    ShowCommand,
    StatusCommand,
    SuspendCommand,
    WhoamiCommand,
)
from bot.core.model.errors import BadCommand
from bot.core.text.message import Message
from bot.slack.authorization import command_denial
from bot.slack.commands import (
    artifacts,
    audit,
    cancel,
    help_,
    history,
    list_,
    logs,
    pause,
    run,
    run_form,
    runs,
    show,
    status,
    whoami,
)
from bot.slack.listener_context import Call, ListenerContext, slash_call

# How Slack names direct messages of several people.
GROUP_MESSAGE = "mpdm-"
# Before a start is recorded, within the 3 s that Slack waits.
NOTE_S = 0.2


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the slash command."""

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _note_place(context, body)
        try:
            answer = await handle(
                context, slash_call(body, context.me.team), parse(body.get("text") or "", context.command)
            )
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


Handler = Callable[[ListenerContext, Call, Any], Awaitable[Message | None]]
HANDLERS: dict[type[Command], Handler] = {
    RunCommand: run.handle,
    RetryCommand: run.handle,
    RunForm: run_form.handle,
    CancelCommand: cancel.handle,
    StatusCommand: status.handle,
    LogsCommand: logs.handle,
    ArtifactsCommand: artifacts.handle,
    ListCommand: list_.handle,
    ShowCommand: show.handle,
    RunsCommand: runs.handle,
    HistoryCommand: history.handle,
    SuspendCommand: pause.handle,
    WhoamiCommand: whoami.handle,
    AuditCommand: audit.handle,
    HelpCommand: help_.handle,
}


async def handle(context: ListenerContext, call: Call, command: Command) -> Message | None:
    """Do what a command asks for, where it is allowed. A start is asked about when it is looked up: then it is known what it is."""
    why_not = await command_denial(context, call, command)
    if why_not is not None:
        return why_not
    return await HANDLERS[type(command)](context, call, command)
