"""*I'm on it*, *Take over* and *No longer on it* on an incident's message.

`bot.core.watching.handling` decides how long somebody stays on an incident.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.text.message import Message
from bot.core.views.buttons import INCIDENT_LET_GO, INCIDENT_TAKE, read_incident_value
from bot.slack.actions.incident_click import handling_denial, listen_on_incident
from bot.slack.actions.reply import Click
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""
    listen_on_incident(app, context, INCIDENT_TAKE, _take)
    listen_on_incident(app, context, INCIDENT_LET_GO, _let_go)


async def _take(context: ListenerContext, call: Call, click: Click) -> Message | None:
    """Take the incident. *Take over* works even if somebody else is on it; *I'm on it* doesn't.

    A button from an older version doesn't say which of the two buttons it is, so it counts as *Take over*.
    """
    button = read_incident_value(click.value)
    found = await context.incidents.find_open(call.asker.channel, button.schedule)
    if isinstance(found, Message):
        return found
    why_not = await handling_denial(context, call, found, "take on")
    return why_not or await context.incidents.take_on(call.asker, call.user_name, button.schedule, over=not button.free)


async def _let_go(context: ListenerContext, call: Call, click: Click) -> Message | None:
    found = await context.incidents.find_open(call.asker.channel, read_incident_value(click.value).schedule)
    if isinstance(found, Message):
        return found
    why_not = await handling_denial(context, call, found, "let go of")
    return why_not or await context.incidents.let_go(call.asker, found.schedule)
