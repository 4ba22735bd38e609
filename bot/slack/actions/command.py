"""Buttons that carry a command: clicking one does the same as typing its command.

`bot.core.views.buttons` makes these buttons.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.grammar import parse
from bot.core.model.command import Command, LogsCommand
from bot.core.model.errors import BadCommand
from bot.core.model.run import CardRef
from bot.core.text.message import Message
from bot.core.views.buttons import COMMAND, read_command_value
from bot.slack import commands
from bot.slack.find_message import posted_message
from bot.slack.listener_context import Call, ListenerContext, click_call
from bot.slack.views.home import shown_page


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        try:
            command = parse(read_command_value(action.get("value") or ""), context.prefix)
            answer = await commands.handle(context, await _with_lost(context, call, body, command), command)
        except BadCommand as bad:
            answer = Message((bad.sentence,))
        await ack()
        if answer is not None:
            context.later(context.tell(call.asker, answer), call.asker)
        page = shown_page(body)
        if page is not None:
            context.later(context.home.publish_home(call.asker, number=page), call.asker)

    app.action(re.compile(rf"^{re.escape(COMMAND)}\."))(on_click)


async def _with_lost(context: ListenerContext, call: Call, body: dict[str, Any], command: Command) -> Call:
    """Add the clicked card's run to the call if Redis has lost the card's record, because a live log needs it."""
    message = body.get("message")
    if not isinstance(command, LogsCommand) or not command.follow or not isinstance(message, dict):
        return call
    shown = posted_message(message, ours=context.me.bot_user)
    if not shown.ours or message.get("thread_ts") not in {None, message.get("ts")}:
        return call
    card = CardRef(call.asker.channel, str(message.get("ts") or ""))
    subject = await context.thread_subjects.subject_of(call.asker.team, card, shown=shown)
    return replace(call, lost=subject.lost)
