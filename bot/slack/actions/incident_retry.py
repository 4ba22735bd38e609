"""*Retry failed* on an incident's message, and *Cancel* while the retry runs.

`bot.flows.handle_incident` decides whether the click retries anything.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core.model.command import RetryCommand
from bot.core.model.request import Origin
from bot.core.model.run import RunFacts, RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import INCIDENT_CANCEL, INCIDENT_RETRY, read_incident_value
from bot.slack.actions.incident_click import listen_on_incident
from bot.slack.actions.reply import Click
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.cancel_wish import take_wish
from bot.slack.commands import run
from bot.slack.listener_context import Call, ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""
    listen_on_incident(app, context, INCIDENT_RETRY, _retry)
    listen_on_incident(app, context, INCIDENT_CANCEL, _cancel)


async def _retry(context: ListenerContext, call: Call, click: Click) -> Message | None:
    """Retry the newest failed run. The policy is asked once the start is resolved."""
    button = read_incident_value(click.value)
    found = await context.incidents.begin_retry(call.asker, button)
    if isinstance(found, Message):
        return found
    origin = Origin(RunFacts(slug=button.schedule))
    command = RetryCommand(every=False, run_id=found)
    return await run.handle(context, call, command, origin=origin, incident=button.schedule)


async def _cancel(context: ListenerContext, call: Call, click: Click) -> Message | None:
    found = await context.incidents.run_to_cancel(call.asker.channel, read_incident_value(click.value).schedule)
    if isinstance(found, Message):
        return found
    key = RunKey(context.workspace, found)
    why_not = await run_denial(context, attempt_of(call, Action.CANCEL, f"cancel {found}"), key)
    return why_not or await take_wish(context, call.asker, key)
