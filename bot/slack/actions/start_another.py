"""*Start another*: repeat a command on purpose.

`bot.core.model.same_start` decides which starts count as the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.asker import Asker
from bot.core.model.command import StartCommand, canonical
from bot.core.model.errors import BadCommand, StoreUnavailable
from bot.core.model.request import Origin, pinned_command, request_id, start_in_words
from bot.core.model.start import NewRequest
from bot.core.text.message import Message
from bot.core.text.text import Bold
from bot.core.views.buttons import START_ANOTHER, read_request_value
from bot.core.views.store_unavailable import database
from bot.slack.listener_context import ListenerContext, click_asker, click_message, replace_or_tell

RECORD_S = 1.0


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the button."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body, context.me.team)
        answer = await _again(context, asker, body, action.get("value") or "")
        await ack()
        context.later(tell(context, asker, answer), asker)

    app.action(START_ANOTHER)(on_click)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer after the acknowledgement. `replace`: whether it replaces the button's message."""

    message: Message
    replace: bool = False


async def tell(context: ListenerContext, asker: Asker, answer: Answer) -> None:
    """Answer the person who clicked."""
    if answer.replace:
        await replace_or_tell(context, asker, answer.message)
    else:
        await context.tell(asker, answer.message)


async def _again(context: ListenerContext, asker: Asker, body: dict[str, Any], value: str) -> Answer:
    try:
        async with asyncio.timeout(RECORD_S):
            earlier = await context.requests.load_request(read_request_value(value))
    except BadCommand as error:
        return Answer(Message((error.sentence,)))
    except (StoreUnavailable, TimeoutError) as error:
        return Answer(Message((f"{database(error)} Nothing was started. Try again in a minute.",)))
    if earlier is None:
        return Answer(
            Message(("I no longer have a record of that request. Nothing was started. Type the command again.",))
        )
    # A request from the Home tab is answered in direct messages, while its card is in another channel.
    channel = earlier.channel if earlier.direct and earlier.user == asker.user else asker.channel
    return await start_from_click(
        context, asker, body, pinned_command(earlier), force=True, channel=channel, origin=earlier.origin
    )


async def start_from_click(
    context: ListenerContext,
    asker: Asker,
    body: dict[str, Any],
    start_command: StartCommand,
    *,
    force: bool = False,
    channel: str | None = None,
    origin: Origin | None = None,
) -> Answer:
    """Record the start that a button on a private answer offers, before the click is acknowledged.

    However often a button is clicked, it starts one run. The start's card is posted where the click was, or in
    `channel`.
    """
    delivery = f"click:{asker.user}:{asker.channel}:{click_message(body)}:{canonical(start_command)}"
    new_request = NewRequest(
        id=request_id(asker.team, delivery),
        team=asker.team,
        channel=channel or asker.channel,
        user=asker.user,
        user_name=(body.get("user") or {}).get("name") or (body.get("user") or {}).get("username") or "",
        start_command=start_command,
        response_url=asker.response_url,
        force=force,
        thread=asker.thread,
        direct=channel not in (None, asker.channel),
        origin=origin,
    )
    answer = await context.ask.accept_start(new_request)
    if answer is not None:
        return Answer(answer)
    # The start is accepted, so the question is answered: remove its button.
    return Answer(Message(("Starting ", Bold(start_in_words(start_command)), ".")), replace=True)
