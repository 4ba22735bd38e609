"""*Run when it ends* on a refused start, and *Don't run* on the card of a queued one.

`bot.flows.start_queue` queues and removes starts, and `bot.core.views.already_running` has the wording of the refusal.
"""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.errors import BadCommand
from bot.core.text.message import Message
from bot.core.views.buttons import DROP_QUEUED, START_QUEUED, read_request_value
from bot.slack.actions.start_another import Answer, tell
from bot.slack.authorization import drop_denial, queue_denial, queued_id
from bot.slack.listener_context import Call, ListenerContext, click_call, click_message
from bot.slack.views.home import shown_page


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to both buttons."""

    async def on_queue(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        asker = call.asker
        answer = await _queue(context, call, action.get("value") or "")
        await ack()
        context.later(tell(context, asker, answer), asker)

    async def on_drop(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)
        asker = call.asker
        answer = await _drop(context, call, action.get("value") or "", click_message(body))
        await ack()
        page = shown_page(body)
        if page is not None:
            notice = answer.text if answer is not None else ()
            context.later(context.home.publish_home(asker, number=page, notice=notice), asker)
        elif answer is not None:
            context.later(context.tell(asker, answer), asker)

    app.action(START_QUEUED)(on_queue)
    app.action(DROP_QUEUED)(on_drop)


async def _queue(context: ListenerContext, call: Call, value: str) -> Answer:
    try:
        refused = read_request_value(value)
    except BadCommand as bad:
        return Answer(Message((bad.sentence,)))
    why_not = await queue_denial(context, call, refused)
    if why_not is not None:
        return Answer(why_not)
    asker = call.asker
    # However often the button is clicked, only one start waits.
    new_id = queued_id(asker, refused)
    is_queued, answer = await context.queue.queue_start(asker, refused, new_id, call.user_name)
    return Answer(answer, replace=is_queued)


async def _drop(context: ListenerContext, call: Call, value: str, clicked: str) -> Message | None:
    try:
        request_id = read_request_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    why_not = await drop_denial(context, call, request_id)
    if why_not is not None:
        return why_not
    return await context.queue.drop_start(call.asker, request_id, clicked)
