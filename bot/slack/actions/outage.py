"""The buttons of an outage's message: they act on each schedule that the message lists when clicked.

`bot.core.views.outage` chooses the buttons, and `bot.flows.handle_incident` changes each incident.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp

from bot.core.model.incident import Incident
from bot.core.model.outage import Outage
from bot.core.text.message import Message
from bot.core.views.buttons import (
    OUTAGE_LIST,
    OUTAGE_RETRY,
    OUTAGE_SNOOZE,
    OUTAGE_TAKE,
    OUTAGE_WAKE,
    read_outage_take_value,
)
from bot.flows.handle_outage import GONE, snooze_choice
from bot.slack.actions.incident_click import handling_denial, listen_on_incident
from bot.slack.actions.reply import Click
from bot.slack.authorization import retry_refusals
from bot.slack.listener_context import Call, ListenerContext

HandleOne = Callable[[Incident], Awaitable[Message | None]]


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons and the menu."""
    listen_on_incident(app, context, OUTAGE_TAKE, _take)
    listen_on_incident(app, context, OUTAGE_SNOOZE, _snooze)
    listen_on_incident(app, context, OUTAGE_WAKE, _end_snooze)
    listen_on_incident(app, context, OUTAGE_RETRY, _retry)
    listen_on_incident(app, context, OUTAGE_LIST, _list)


async def _take(context: ListenerContext, call: Call, click: Click) -> Message | None:
    """Put the person on the incidents. *Take over* includes incidents that somebody else is on; *I'm on it* doesn't.

    A button of an older version doesn't say which of these two it is, so it counts as *Take over*.
    """
    number, free = read_outage_take_value(click.value)
    found = await _find(context, call, number)
    if free and not isinstance(found, Message):
        found = context.outages.left_to_take(found, call.asker.user)

    async def take(incident: Incident) -> Message | None:
        return await context.incidents.take_on(call.asker, call.user_name, incident.schedule, over=not free)

    return await _each(context, call, found, "take on", take)


async def _snooze(context: ListenerContext, call: Call, click: Click) -> Message | None:
    chosen = snooze_choice(click.value)
    if chosen is None:
        return Message((GONE,))
    number, choice = chosen

    async def snooze(incident: Incident) -> Message | None:
        return await context.incidents.snooze(call.asker, call.user_name, incident.schedule, choice)

    return await _each(context, call, await _find(context, call, str(number)), f"snooze ({choice})", snooze)


async def _end_snooze(context: ListenerContext, call: Call, click: Click) -> Message | None:
    async def end(incident: Incident) -> Message | None:
        return await context.incidents.end_snooze(call.asker, incident.schedule)

    return await _each(context, call, await _find(context, call, click.value), "end the snooze of", end)


async def _retry(context: ListenerContext, call: Call, click: Click) -> Message | None:
    """Ask first. The policy is asked about each run now, and again once the person has confirmed."""
    found = await _find(context, call, click.value)
    if isinstance(found, Message):
        return found
    return context.incidents.ask_to_retry(found.failing, await retry_refusals(context, call, found.failing))


async def _list(context: ListenerContext, call: Call, click: Click) -> Message | None:
    found = await _find(context, call, click.value)
    return found if isinstance(found, Message) else context.outages.list_schedules(found)


async def _find(context: ListenerContext, call: Call, value: str) -> Outage | Message:
    if not value.isdecimal() or len(value) > 12:
        return Message((GONE,))
    return await context.outages.find_failing(call.asker.channel, int(value))


async def _each(
    context: ListenerContext, call: Call, found: Outage | Message, does: str, handle: HandleOne
) -> Message | None:
    """Handle each schedule's incident if the policy allows it. Schedules that have recovered are left alone."""
    if isinstance(found, Message):
        return found
    done: list[Incident] = []
    refused: list[Incident] = []
    for incident in found.failing:
        if await handling_denial(context, call, incident, does) is None:
            await handle(incident)
            done.append(incident)
        else:
            refused.append(incident)
    return context.outages.partly_done(done, refused)
