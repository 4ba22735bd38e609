"""The slash command. Each verb is a file: it takes what was parsed, acknowledges, and calls one flow."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.command import CancelCommand, HelpCommand, RunCommand, StatusCommand, parse
from bot.core.errors import BadCommand
from bot.core.message import Message
from bot.slack.commands import cancel, help_, run, status
from bot.slack.desk import Desk


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the slash command."""

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            command = parse(body.get("text") or "", desk.command)
        except BadCommand as bad:
            await ack(**desk.render(Message((bad.sentence,))))
            return
        match command:
            case RunCommand():
                await run.handle(desk, command, body, ack)
            case CancelCommand():
                await cancel.handle(desk, command, body, ack)
            case StatusCommand():
                await status.handle(desk, command, body, ack)
            case HelpCommand():
                await help_.handle(desk, command, ack)

    app.command(desk.command)(on_command)
