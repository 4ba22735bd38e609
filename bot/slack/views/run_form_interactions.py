"""The run form's interactions: open it, type in its menu, choose a schedule, submit it.

`bot.core.schedules.run_form` finds invalid fields. `bot.flows.complete_run_form` fills the form in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from cachetools import LRUCache
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.asker import Asker
from bot.core.model.bolt import Schedule
from bot.core.model.command import RunCommand, RunForm, ShowCommand, canonical
from bot.core.model.errors import SlackError, SlackOutcomeUnknown, SlackRefused, StoreUnavailable
from bot.core.model.request import request_id
from bot.core.model.start import NewRequest
from bot.core.policy.decision import BACKTICKS
from bot.core.policy.matching import with_backticks
from bot.core.policy.rules import Action, Question
from bot.core.schedules.run_form import CHANNEL, Field, Filled, Form, Problems
from bot.core.schedules.typeahead import Offers
from bot.core.text.message import Buttons, Message, Paragraph
from bot.core.text.text import Sentence
from bot.core.views.buttons import command_button
from bot.flows.channel_permission import Permission
from bot.flows.complete_run_form import WhyNot
from bot.slack.authorization import attempt_of, denial
from bot.slack.blocks.fields import VALUE
from bot.slack.blocks.form import CALLBACK, CHOOSE, COMMANDS, CONTINUE, menu, run_form
from bot.slack.blocks.mrkdwn import plain
from bot.slack.listener_context import Call, ListenerContext, click_asker

log = structlog.get_logger()

LATE = frozenset({"expired_trigger_id", "invalid_trigger_id"})
TAKEN = "exchanged_trigger_id"
CLOSED = "not_found"
VIEWS_KNOWN = 1000
# Longer than any form can contain.
TEXT_MOST = 12_000
# How long the offers may take while a person types, and how long checking the channel may take: together with reading
# the form and recording the start, that has to stay under the 3 s that Slack waits.
OFFERS_S = 1.0
MEMBER_S = 0.8
NO_CHANNEL = (
    "I no longer know which channel this was requested in. Nothing was started. Close this and open the form again."
)
NOT_THERE = (
    "This channel is archived, or one of us isn't in it, so nothing was started. "
    "Join it, type /invite {bot} there if it's private, or choose another channel."
)
NOT_TOLD = (
    "Slack didn't say whether you're in this channel, so nothing was started. Type {prefix} in the channel instead."
)
NOT_CHECKED = "I couldn't check in time whether you're in this channel, so nothing was started. Try again in a minute."

Json = dict[str, Any]


async def open_form(context: ListenerContext, call: Call) -> None:
    """Open the form. Call this before anything else: the trigger_id is valid for 3 s."""
    try:
        await context.views.open_view(call.trigger_id, run_form(await context.forms.blank_form(call.asker.channel)))
    except SlackError as error:
        if isinstance(error, SlackRefused) and error.code == TAKEN:
            # The same command was delivered twice, and the other delivery opened the form.
            return
        log.info("a form couldn't be opened", user=call.asker.user, why=str(error))
        await context.tell(call.asker, form_button((why_not_opened(error),)))


def why_not_opened(error: SlackError) -> str:
    """Return why a form didn't open."""
    if isinstance(error, SlackRefused) and error.code in LATE:
        return "The form couldn't be opened within Slack's 3 s limit."
    if isinstance(error, SlackOutcomeUnknown):
        return "Slack didn't say whether the form opened."
    return "Slack didn't open the form."


def form_button(why: Sentence) -> Message:
    """Return a button that opens the form, for when it couldn't be opened directly."""
    text: Sentence = (*why, " Click to set up a run.")
    return Message(text, (Paragraph(text), Buttons((command_button("Start a run…", RunForm()),))))


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the form."""
    newest = _Newest()

    async def on_typed(ack: AsyncAck, body: Json) -> None:
        typed = body.get("value")
        found, may = await asyncio.gather(
            context.forms.offer_schedules(typed if isinstance(typed, str) else ""), may_read(context, body)
        )
        await ack(**menu(found if may else Offers()))

    async def on_chosen(ack: AsyncAck, body: Json, action: Json) -> None:
        view = _dict(body.get("view"))
        number = newest.next(str(view.get("id") or ""))
        await ack()
        context.later(_complete(context, newest, body, action, number), click_asker(body, context.me.team))

    async def on_submitted(ack: AsyncAck, body: Json) -> None:
        answer = await _submitted(context, body)
        await ack(**answer)

    app.options(CHOOSE)(on_typed)
    app.action(CHOOSE)(on_chosen)
    app.view(CALLBACK)(on_submitted)


class _Newest:
    """Numbers the choices in a form, so that the late result of an older choice can't replace that of a newer one.

    Only for this process. If another process loses the race, submitting the form detects it.
    """

    def __init__(self) -> None:
        self._numbers: LRUCache[str, int] = LRUCache(VIEWS_KNOWN)

    def next(self, view_id: str) -> int:
        """Count a choice."""
        number = self._numbers[view_id] = self._numbers.get(view_id, 0) + 1
        return number

    def is_it(self, view_id: str, number: int) -> bool:
        """Whether this is still the latest choice."""
        return self._numbers.get(view_id, number) == number


def _reader(context: ListenerContext, body: Json) -> Asker:
    """Return who uses the form, and from which channel.

    A channel that was only chosen in the form grants no permission to read.
    """
    return replace(click_asker(body, context.me.team), channel=known_channel(_dict(body.get("view"))))


async def may_read(context: ListenerContext, body: Json) -> bool:
    """Whether schedules may be offered, which is False if the policy doesn't answer in time.

    Typing isn't recorded in the audit log.
    """
    try:
        async with asyncio.timeout(OFFERS_S):
            return (await context.gate.decide_unrecorded(_reader(context, body), Question(Action.READ))).allowed
    except (StoreUnavailable, TimeoutError):
        return False


def _why_not_read(context: ListenerContext, body: Json) -> WhyNot:
    """Return a function that asks the policy whether a schedule's commands may be shown."""
    user = _dict(body.get("user"))
    name = _text(user.get("name")) or _text(user.get("username"))

    async def why_not(schedule: Schedule) -> str:
        call = Call(_reader(context, body), f"view:{_dict(body.get('view')).get('id')}:show:{schedule.id}", name)
        attempt = attempt_of(call, Action.READ, canonical(ShowCommand(schedule.slug)))
        refused = await denial(context, attempt, context.gate.decide_on_known_schedule(attempt, schedule))
        return plain(refused.text) if refused else ""

    return why_not


async def _complete(context: ListenerContext, newest: _Newest, body: Json, action: Json, number: int) -> None:
    """Show the commands of the chosen schedule."""
    view = _dict(body.get("view"))
    view_id = str(view.get("id") or "")
    filled = read_view(view, schedule=_text(_dict(action.get("selected_option")).get("value")))
    form = await context.forms.form_for_schedule(filled, _why_not_read(context, body), asks_channel=_asks_channel(view))
    if not newest.is_it(view_id, number):
        return
    try:
        await context.views.update_view(view_id, run_form(form))
    except SlackError as error:
        # The form works without them too: if they're left out, the schedule's own commands run.
        if not (isinstance(error, SlackRefused) and error.code == CLOSED):
            log.warning("a form couldn't be completed", why=str(error))


async def _submitted(context: ListenerContext, body: Json) -> Json:
    """Return the acknowledgement: empty if a run starts, or else field errors or the updated form."""
    view = _dict(body.get("view"))
    result = await context.forms.read_form(
        read_view(view), _why_not_read(context, body), asks_channel=_asks_channel(view)
    )
    if isinstance(result, Form):
        return {"response_action": "update", "view": context.views.view(run_form(result))}
    if isinstance(result, Problems):
        return _errors(context, view, result.fields)
    if with_backticks(context.gate.policy, result.commands):
        return _errors(context, view, {"commands": f"{BACKTICKS[0].upper()}{BACKTICKS[1:]}. Nothing was started."})
    why = await _why_not_there(context, body["user"]["id"], read_view(view).channel, chosen=_asks_channel(view))
    if why:
        return _errors(context, view, {"channel": why})
    return await _start(context, body, view, result)


async def _why_not_there(context: ListenerContext, user: str, channel: str, *, chosen: bool) -> str:
    """Return why the card may not be posted in a channel, or an empty string if it may.

    The person may have left it since, or never have been a member. A channel that was not `chosen` and that the bot
    can't see is left to the policy, which refuses and says how to invite the bot.
    """
    try:
        async with asyncio.timeout(MEMBER_S):
            may = await may_post_in(context, user, channel)
            if may is Permission.NO and not chosen and (await context.people.channel(channel)).kind is None:
                return ""
    except (SlackError, StoreUnavailable, TimeoutError):
        return NOT_CHECKED
    if may is Permission.UNKNOWN:
        return NOT_TOLD.format(prefix=context.prefix)
    return "" if may is Permission.YES else NOT_THERE.format(bot=f"@{context.me.name}")


async def may_post_in(context: ListenerContext, user: str, channel: str) -> Permission:
    """Whether a person may start runs in a channel; the only direct messages allowed are those with the bot.

    Raises SlackError, StoreUnavailable.
    """
    if channel.startswith("D"):
        return Permission.YES if channel == await context.chat.direct_channel(user) else Permission.NO
    return await context.channel_permissions.may_run_in(user, channel)


async def _start(context: ListenerContext, body: Json, view: Json, start_command: RunCommand) -> Json:
    """Record the start before the acknowledgement. However often a form is submitted, it starts the same run once."""
    channel, user = read_view(view).channel, body["user"]
    asker = Asker(context.me.team, user["id"], channel, _response_url(body, channel))
    new_request = NewRequest(
        id=request_id(asker.team, f"view:{view.get('id')}:{channel}:{canonical(start_command)}"),
        team=asker.team,
        channel=channel,
        user=asker.user,
        user_name=user.get("name") or user.get("username") or "",
        start_command=start_command,
        response_url=asker.response_url,
    )
    answer = await context.ask.accept_start(new_request)
    if answer is None:
        return {}
    if not answer.blocks:
        # There's only a reason, nothing to choose: keep the form open with its input, so that it can be submitted
        # again.
        return _errors(context, view, {"schedule": plain(answer.text)})
    context.later(context.tell(asker, answer), asker)
    return {}


# --- reading Slack's payloads, trusted only as far as their shape ---


def read_view(view: Json, *, schedule: str | None = None) -> Filled:
    """Read the form's input. `schedule` is the handle that was just chosen."""
    values = _dict(_dict(view.get("state")).get("values"))
    block = _commands_block(view)
    _, mark, offered = [*block.split("."), "", ""][:3]
    chosen = _dict(state_field(values, "schedule", CHOOSE).get("selected_option")).get("value")
    flags = state_field(values, CONTINUE).get("selected_options")
    return Filled(
        schedule=_text(chosen) if schedule is None else schedule,
        branch=_text(state_field(values, "branch").get("value")),
        pull_request=_text(state_field(values, "pull_request").get("value")),
        commands=_text(state_field(values, block).get("value")) if block else None,
        mark=mark,
        offered=offered,
        continue_on_error=isinstance(flags, list) and any(_dict(one).get("value") == CONTINUE for one in flags),
        reason=_text(state_field(values, "reason").get("value")),
        channel=_text(state_field(values, "channel").get("selected_conversation")) or known_channel(view),
    )


def state_field(values: Json, block: str, action: str = VALUE) -> Json:
    """Return a field of a submitted form, or an empty dictionary if it isn't there."""
    return _dict(_dict(values.get(block)).get(action))


def _commands_block(view: Json) -> str:
    """Return the block id of the commands field, which encodes the offered commands, or "" if there's none yet."""
    values = _dict(_dict(view.get("state")).get("values"))
    return next((name for name in values if name.startswith(f"{COMMANDS}.")), "")


def known_channel(view: Json) -> str:
    """Return the channel where the form was requested, or an empty string if it isn't known."""
    channel = stored_in(view).get("c")
    return channel if isinstance(channel, str) and CHANNEL.fullmatch(channel) else ""


def stored_in(view: Json) -> Json:
    """Return the data stored in a form, or an empty dictionary if it can't be read."""
    try:
        return _dict(json.loads(_text(view.get("private_metadata")) or "null"))
    except (ValueError, RecursionError):
        return {}


def _asks_channel(view: Json) -> bool:
    return not known_channel(view)


def _response_url(body: Json, channel: str) -> str:
    """Return the private reply address that Slack sends if the form asked for the channel."""
    given = body.get("response_urls")
    found = (_dict(one) for one in given) if isinstance(given, list) else ()
    return next((_text(one.get("response_url")) for one in found if one.get("channel_id") == channel), "")


def _errors(context: ListenerContext, view: Json, problems: Mapping[Field, str]) -> Json:
    """Return a sentence below each field.

    Problems with a field that isn't in the form are shown below the first one.
    """
    values = _dict(_dict(view.get("state")).get("values"))
    errors: dict[str, str] = {}
    for name, sentence in problems.items():
        block = _commands_block(view) if name == "commands" else name
        told = NO_CHANNEL if name == "channel" and not read_view(view).channel and block not in values else sentence
        block = block if block in values else "schedule"
        errors[block] = f"{errors[block]} {told}" if block in errors else told
    # A sentence may quote the person's input.
    return {"response_action": "errors", "errors": context.views.view(errors)}


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:TEXT_MOST] if isinstance(value, str) else ""
