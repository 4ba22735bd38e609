"""The watch form's interactions: open it, type in its menu, submit it.

`bot.core.watching.watch_form` finds invalid fields; `bot.flows.watch_schedules` makes the watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.asker import Asker
from bot.core.model.command import WatchForm, canonical
from bot.core.model.errors import SlackError, SlackRefused, StoreUnavailable
from bot.core.policy.rules import Action
from bot.core.schedules.typeahead import Offers
from bot.core.text.message import Buttons, Message, Paragraph
from bot.core.text.text import Sentence
from bot.core.views.buttons import command_button
from bot.core.views.store_unavailable import database
from bot.core.watching.watch_form import Field, Filled, Problems
from bot.flows.channel_permission import Permission
from bot.flows.complete_watch_form import ReadForm
from bot.flows.watch_schedules import PlannedWatch, StoredWatch
from bot.slack.authorization import attempt_of
from bot.slack.blocks.form import menu
from bot.slack.blocks.mrkdwn import plain
from bot.slack.blocks.watch_form import CALLBACK, CHOOSE, PULL_REQUESTS, watch_form
from bot.slack.listener_context import Call, ListenerContext, click_asker
from bot.slack.payload_shapes import record_in, text_in
from bot.slack.views.run_form_interactions import (
    MEMBER_S,
    TAKEN,
    known_channel,
    may_post_in,
    may_read,
    state_field,
    stored_in,
    why_not_opened,
)

log = structlog.get_logger()

# Together with checking the membership and storing the watch, this has to stay under the 3 s that Slack waits.
PLAN_S = 1.2
NO_CHANNEL = (
    "I no longer know which channel this was requested in. Nothing was changed. Close this and type the command again."
)
NOT_THERE = (
    "This channel is archived, or one of us isn't in it, so nothing was changed. "
    "Join it, or type /invite {bot} there if it's private."
)
NOT_TOLD = (
    "Slack didn't say whether you're in this channel, so nothing was changed. "
    "Type {prefix} watch in the channel instead."
)
NOT_CHECKED = "I couldn't check in time whether you're in this channel, so nothing was changed. Try again in a minute."
TOO_SLOW = "Bolt or Slack didn't respond in time. Nothing was changed. Try again in a minute."

Json = dict[str, Any]


async def open_watch_form(context: ListenerContext, call: Call, command: WatchForm) -> None:
    """Open the form. Call this before anything else: the trigger_id is valid for 3 s."""
    try:
        form = await context.watch_forms.form(call.asker.channel, command.number)
        if isinstance(form, Message):
            await context.tell(call.asker, form)
            return
        await context.views.open_view(call.trigger_id, watch_form(form))
    except StoreUnavailable as error:
        await context.tell(call.asker, Message((f"{database(error)} Nothing was changed. Try again in a minute.",)))
    except SlackError as error:
        if isinstance(error, SlackRefused) and error.code == TAKEN:
            # The same command was delivered twice, and the other delivery opened the form.
            return
        log.info("a form couldn't be opened", user=call.asker.user, why=str(error))
        await context.tell(call.asker, watch_form_button((why_not_opened(error),), command))


def watch_form_button(why: Sentence, command: WatchForm) -> Message:
    """Return a button that opens the form, for when it couldn't be opened directly."""
    what, label = (" Click to set up a watch.", "Watch schedules…")
    if command.number is not None:
        what, label = f" Click to edit watch {command.number}.", f"Edit watch {command.number}…"
    text: Sentence = (*why, what)
    return Message(text, (Paragraph(text), Buttons((command_button(label, command),))))


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the form."""

    async def on_typed(ack: AsyncAck, body: Json) -> None:
        found, may = await asyncio.gather(
            context.watch_forms.offer_patterns(text_in(body, "value")), may_read(context, body)
        )
        await ack(**menu(found if may else Offers()))

    async def on_submitted(ack: AsyncAck, body: Json) -> None:
        asker = replace(click_asker(body, context.me.team), channel=known_channel(record_in(body, "view")))
        try:
            result = await _submitted(context, asker, body)
        except StoreUnavailable as error:
            result = {
                "schedule": f"{database(error)} Type {context.prefix} watches to see whether the watch was saved."
            }
        if isinstance(result, StoredWatch):
            context.later(_describe(context, asker, result), asker)
            await ack()
            return
        await ack(**_errors(context, record_in(body, "view"), result))

    app.options(CHOOSE)(on_typed)
    app.view(CALLBACK)(on_submitted)


async def _describe(context: ListenerContext, asker: Asker, stored: StoredWatch) -> None:
    await context.tell(asker, await context.watcher.describe(stored))


async def _submitted(context: ListenerContext, asker: Asker, body: Json) -> StoredWatch | Mapping[Field, str]:
    """Store the watch that the form describes, before the form is acknowledged.

    If that fails, return a sentence for each field to correct.
    """
    filled = read_view(record_in(body, "view"))
    read = await context.watch_forms.read_form(filled)
    if isinstance(read, Message):
        return {"schedule": plain(read.text)}
    if isinstance(read, Problems):
        return read.fields
    why_not = await _why_not_there(context, asker)
    if why_not:
        return {"schedule": why_not}
    planned = await _plan(context, asker, body, read)
    stored = planned if isinstance(planned, Message) else await context.watcher.store(planned)
    return {"schedule": plain(stored.text)} if isinstance(stored, Message) else stored


async def _plan(context: ListenerContext, asker: Asker, body: Json, read: ReadForm) -> PlannedWatch | Message:
    user = record_in(body, "user")
    name = text_in(user, "name") or text_in(user, "username")
    view = text_in(record_in(body, "view"), "id")
    call = Call(asker, f"view:{view}:{asker.channel}:{canonical(read.command)}", name)
    attempt = attempt_of(call, Action.WATCH, canonical(read.command), posts=True)
    try:
        async with asyncio.timeout(PLAN_S):
            if read.watch is not None:
                return await context.watcher.plan_change(attempt, read.watch, read.command)
            return await context.watcher.plan(attempt, read.command)
    except TimeoutError:
        return Message((TOO_SLOW,))


async def _why_not_there(context: ListenerContext, asker: Asker) -> str:
    """Return why reports may not be posted in the form's channel, or an empty string if they may.

    The person may have left it since.
    """
    if not asker.channel:
        return NO_CHANNEL
    try:
        async with asyncio.timeout(MEMBER_S):
            may = await may_post_in(context, asker.user, asker.channel)
    except (SlackError, StoreUnavailable, TimeoutError):
        return NOT_CHECKED
    if may is Permission.UNKNOWN:
        return NOT_TOLD.format(prefix=context.prefix)
    return "" if may is Permission.YES else NOT_THERE.format(bot=f"@{context.me.name}")


def read_view(view: Json) -> Filled:
    """Read the form's input."""
    values = record_in(record_in(view, "state"), "values")

    def text(name: str) -> str:
        return text_in(state_field(values, name), "value")

    def chosen(name: str, action: str = "value") -> str:
        return text_in(record_in(state_field(values, name, action), "selected_option"), "value")

    people = state_field(values, "person").get("selected_users")
    flags = state_field(values, PULL_REQUESTS).get("selected_options")
    return Filled(
        known_channel(view),
        _number(view),
        schedule=chosen("schedule", CHOOSE),
        owner=text("owner"),
        branch=text("branch"),
        only=chosen("only"),
        pull_requests=isinstance(flags, list) and bool(flags),
        mention=chosen("mention") or "owner",
        person=people[0] if isinstance(people, list) and people and isinstance(people[0], str) else "",
        quiet=text("quiet"),
        time_zone=text("time_zone"),
        late=text("late"),
        slow=text("slow"),
    )


def _number(view: Json) -> int | None:
    """Return the number of the watch that is being edited, or None for a new one."""
    number = stored_in(view).get("n")
    return number if type(number) is int else None


def _errors(context: ListenerContext, view: Json, problems: Mapping[Field, str]) -> Json:
    """Return a sentence below each field. A sentence that isn't about a single field is shown below the first one."""
    values = record_in(record_in(view, "state"), "values")
    first = "schedule" if "schedule" in values else "mention"
    errors: dict[str, str] = {}
    for name, sentence in problems.items():
        block = name if name in values else first
        errors[block] = f"{errors[block]} {sentence}" if block in errors else sentence
    # A sentence may quote the person's input.
    return {"response_action": "errors", "errors": context.views.view(errors)}
