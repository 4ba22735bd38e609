"""*Logs* on an incident's message: the log of its newest failed run, shown privately."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.model.command import LogsCommand
from bot.core.text.message import Message
from bot.core.views.buttons import INCIDENT_LOGS, read_incident_value
from bot.slack import commands
from bot.slack.actions.incident_click import listen_on_incident
from bot.slack.actions.reply import Click
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the button."""
    listen_on_incident(app, context, INCIDENT_LOGS, _logs)


async def _logs(context: ListenerContext, call: Call, click: Click) -> Message | None:
    """Do the same as the command `logs` with the run's number."""
    run_id = await context.incidents.failed_run(call.asker.channel, read_incident_value(click.value))
    return await commands.handle(context, call, LogsCommand(run_id))
