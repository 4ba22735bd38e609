"""The menu *Snooze* on an incident's message, and *End snooze*.

`bot.core.watching.snooze` decides how long each choice lasts.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.text.message import Message
from bot.core.views.buttons import INCIDENT_SNOOZE, INCIDENT_WAKE, read_incident_value
from bot.slack.actions.incident_click import handling_denial, listen_on_incident
from bot.slack.actions.reply import Click
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the menu and the button."""
    listen_on_incident(app, context, INCIDENT_SNOOZE, _snooze)
    listen_on_incident(app, context, INCIDENT_WAKE, _end)


async def _snooze(context: ListenerContext, call: Call, click: Click) -> Message | None:
    found = await context.incidents.find_chosen(call.asker.channel, click.value)
    if isinstance(found, Message):
        return found
    incident, choice = found
    why_not = await handling_denial(context, call, incident, f"snooze ({choice})")
    return why_not or await context.incidents.snooze(call.asker, call.user_name, incident.schedule, choice)


async def _end(context: ListenerContext, call: Call, click: Click) -> Message | None:
    found = await context.incidents.find_open(call.asker.channel, read_incident_value(click.value).schedule)
    if isinstance(found, Message):
        return found
    why_not = await handling_denial(context, call, found, "end the snooze of")
    return why_not or await context.incidents.end_snooze(call.asker, found.schedule)
