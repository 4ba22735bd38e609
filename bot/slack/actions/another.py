"""*Start another*: the same words again, on purpose."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.buttons import START_ANOTHER, read_request_value
from bot.core.command import RunCommand, canonical
from bot.core.errors import BadCommand, StoreAway
from bot.core.message import Message
from bot.core.request import request_id
from bot.core.text import Bold
from bot.flows.ports import Asked, Asker
from bot.slack.desk import Desk, click_asker, click_message


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the button."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        asker = click_asker(body)
        desk.later(_again(desk, asker, body, action.get("value") or ""), asker)

    app.action(START_ANOTHER)(on_click)


async def _again(desk: Desk, asker: Asker, body: dict[str, Any], value: str) -> None:
    try:
        earlier = await desk.requests.load(read_request_value(value))
    except (BadCommand, StoreAway) as error:
        await desk.answers.privately(asker, Message((error.sentence,)))
        return
    if earlier is None:
        text = "I no longer know what that was. Nothing was started; please type it again."
        await desk.answers.privately(asker, Message((text,)))
        return
    await start_from_click(desk, asker, body, earlier.wanted, force=True)


async def start_from_click(
    desk: Desk, asker: Asker, body: dict[str, Any], wanted: RunCommand, *, force: bool = False
) -> None:
    """Start what a button on a private answer offers. However often a button is clicked, it starts one run."""
    delivery = f"click:{asker.user}:{asker.channel}:{click_message(body)}:{canonical(wanted)}"
    asked = Asked(
        id=request_id(asker.team, delivery),
        team=asker.team,
        channel=asker.channel,
        user=asker.user,
        user_name=(body.get("user") or {}).get("name") or (body.get("user") or {}).get("username") or "",
        wanted=wanted,
        response_url=asker.response_url,
        force=force,
    )
    answer = await desk.ask.start(asked)
    if answer is not None:
        await desk.answers.privately(asker, answer)
    elif asker.response_url:
        # The question has been answered: its button goes.
        await desk.chat.respond(asker.response_url, Message(("Starting ", Bold(wanted.schedule), ".")), replace=True)
