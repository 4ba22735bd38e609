"""Buttons whose click is handled before the acknowledgement, and answered privately after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from re import Pattern
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.errors import BadCommand
from bot.core.text.message import Message
from bot.core.views.buttons import RunButton, read_run_value
from bot.slack.listener_context import Call, ListenerContext, click_call, click_message


@dataclass(frozen=True, slots=True)
class Click:
    """A click: the value of the button or chosen option, the action id, and the message's timestamp (or "")."""

    value: str
    action_id: str
    message_ts: str


# Handles a click. Returns the private answer, or None. If it raises BadCommand, the answer is its sentence.
Handle = Callable[[ListenerContext, Call, Click], Awaitable[Message | None]]


def reply_to_click(app: AsyncApp, context: ListenerContext, action_id: str | Pattern[str], handle: Handle) -> None:
    """Listen to a button, or to all buttons whose action ids match a pattern."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
        click = Click(value, action.get("action_id") or "", click_message(body))
        try:
            answer = await handle(context, call, click)
        except BadCommand as bad:
            answer = Message((bad.sentence,))
        await ack()
        if answer is not None:
            context.later(context.tell(call.asker, answer), call.asker)

    app.action(action_id)(on_click)


def run_of_click(context: ListenerContext, click: Click, elsewhere: str) -> RunButton:
    """Return the run in a button's value.

    Raises BadCommand; for another workspace's run, its sentence is `elsewhere`.
    """
    button = read_run_value(click.value)
    if button.key.workspace != context.workspace:
        raise BadCommand(elsewhere)
    return button
