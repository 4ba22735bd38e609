"""Buttons of the Home tab, whose clicks have no channel: another page, *Refresh*, and *Run* or *Retry failed*.

The tab is laid out in `bot.core.views.home`, and published by `bot.flows.home`.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.grammar import parse
from bot.core.model.command import RetryCommand, RunCommand, StartCommand
from bot.core.model.errors import BadCommand, SlackError, StoreUnavailable
from bot.core.model.request import request_id
from bot.core.model.start import NewRequest
from bot.core.text.message import Message
from bot.core.text.quoting import quoted
from bot.core.text.text import Bold, Channel, Code, Sentence
from bot.core.views.buttons import HOME_PAGE, HOME_RUN, read_command_in_value, read_home_page_value
from bot.flows.channel_permission import Permission
from bot.slack.listener_context import Call, ListenerContext, click_call

CHECK_S = 1.0
NOT_CHECKED = (
    "I couldn't check in time whether you can start runs in that channel. Nothing was started. Click again in a minute."
)


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_page(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        await ack()
        context.later(
            context.home.publish_home(call.asker, number=read_home_page_value(action.get("value") or "")), call.asker
        )

    async def on_run(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        answer = await _run(context, call, action.get("value") or "")
        await ack()
        if answer is not None:
            context.later(context.tell(call.asker, answer), call.asker)

    app.action(re.compile(rf"^{re.escape(HOME_PAGE)}\."))(on_page)
    app.action(re.compile(rf"^{re.escape(HOME_RUN)}\."))(on_run)


async def _run(context: ListenerContext, call: Call, value: str) -> Message | None:
    """Record the start, as the same command typed in the channel would. Returns why it's refused, or None."""
    try:
        text, channel = read_command_in_value(value)
        start_command = parse(text, context.prefix)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if not isinstance(start_command, RunCommand | RetryCommand):
        return None
    try:
        async with asyncio.timeout(CHECK_S):
            if not channel:
                channel = await context.chat.direct_channel(call.asker.user)
            else:
                may = await context.channel_permissions.may_run_in(call.asker.user, channel)
                if may is not Permission.YES:
                    return _not_there(context, start_command, channel, may)
    except (SlackError, StoreUnavailable, TimeoutError):
        return Message((NOT_CHECKED,))
    return await _start(context, call, start_command, channel)


async def _start(context: ListenerContext, call: Call, start_command: StartCommand, channel: str) -> Message | None:
    asker = call.asker
    new_request = NewRequest(
        id=request_id(asker.team, call.delivery),
        team=asker.team,
        channel=channel,
        user=asker.user,
        user_name=call.user_name,
        start_command=start_command,
        direct=True,
    )
    answer = await context.ask.accept_start(new_request)
    if answer is None:
        where: Sentence = ("our direct messages",) if channel.startswith("D") else (Channel(channel),)
        notice: Sentence = ("You asked to ", *_what(start_command), ". The new run's card is in ", *where, ".")
        context.later(context.home.show_start(asker, new_request.id, notice), asker)
    return answer


def _what(start_command: StartCommand) -> Sentence:
    if isinstance(start_command, RunCommand):
        return ("run ", Bold(start_command.schedule_text))
    return ("retry ", Bold(f"run {start_command.run_id}"))


def _not_there(context: ListenerContext, start_command: StartCommand, channel: str, may: Permission) -> Message:
    if may is Permission.UNKNOWN:
        text: Sentence = ("Slack didn't say whether you're in ", Channel(channel), ", so nothing was started. ")
    else:
        text = (Channel(channel), " is archived, or one of us has left it, so nothing was started. ")
    words = (
        f"run {quoted(start_command.schedule_text)}"
        if isinstance(start_command, RunCommand)
        else f"retry {start_command.run_id}"
    )
    return Message(
        (
            *text,
            "Type ",
            Code(f"{context.prefix} {words}"),
            " in the channel where you want the card.",
        )
    )
