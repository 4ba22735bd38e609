"""*Run when it ends* on a refused start, and *Do not run* on the card of one that waits."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.buttons import DROP_QUEUED, START_QUEUED, read_request_value
from bot.core.errors import BadCommand
from bot.core.message import Message
from bot.core.request import request_id
from bot.flows.ports import Asker
from bot.slack.actions.another import Answer, tell
from bot.slack.desk import Desk, click_asker, click_message
from bot.slack.views.home import shown_page


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to both buttons."""

    async def on_queue(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body)
        answer = await _queue(desk, asker, body, action.get("value") or "")
        await ack()
        desk.later(tell(desk, asker, answer), asker)

    async def on_drop(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body)
        answer = await _drop(desk, asker, action.get("value") or "", click_message(body))
        await ack()
        page = shown_page(body)
        if page is not None:
            notice = answer.text if answer is not None else ()
            desk.later(desk.home.show(asker.user, number=page, notice=notice), asker)
        elif answer is not None:
            desk.later(desk.tell(asker, answer), asker)

    app.action(START_QUEUED)(on_queue)
    app.action(DROP_QUEUED)(on_drop)


async def _queue(desk: Desk, asker: Asker, body: dict[str, Any], value: str) -> Answer:
    try:
        refused = read_request_value(value)
    except BadCommand as bad:
        return Answer(Message((bad.sentence,)))
    # However often the button is clicked, one start waits: also where the refusal, and so its button, was told twice.
    new_id = request_id(asker.team, f"queue:{asker.user}:{refused}")
    user = body.get("user") or {}
    waits, answer = await desk.queue.ask(asker, refused, new_id, user.get("name") or user.get("username") or "")
    return Answer(answer, replace=waits)


async def _drop(desk: Desk, asker: Asker, value: str, clicked: str) -> Message | None:
    try:
        waiting = read_request_value(value)
    except BadCommand as bad:
        return Message((bad.sentence,))
    return await desk.queue.drop(asker, waiting, clicked)
