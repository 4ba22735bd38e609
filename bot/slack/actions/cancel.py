"""*Cancel run* on a card."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.buttons import CANCEL_RUN, read_run_value
from bot.core.errors import BadCommand, StoreAway
from bot.core.message import Message
from bot.core.run import CardRef, RunFacts, RunKey
from bot.flows.ports import Asker
from bot.slack.desk import Desk, click_asker, click_message


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the button."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        asker = click_asker(body)
        try:
            button = read_run_value(action.get("value") or "")
        except BadCommand as bad:
            desk.later(_answer(desk, asker, Message((bad.sentence,))), asker)
            return
        if button.key.workspace != desk.workspace:
            text = "This card belongs to another Bolt workspace; cancel the run in Bolt."
            desk.later(_answer(desk, asker, Message((text,))), asker)
            return
        card = CardRef(asker.channel, click_message(body))
        desk.later(wish(desk, asker, button.key, facts=button.facts, card=card), asker)

    app.action(CANCEL_RUN)(on_click)


async def wish(
    desk: Desk, asker: Asker, key: RunKey, *, facts: RunFacts | None = None, card: CardRef | None = None
) -> None:
    """Keep the wish and answer what is known of it; the rest the worker answers."""
    try:
        answer = await desk.cancel.wish(asker, key, facts=facts, card=card)
    except StoreAway as away:
        text = f"{away.sentence} I could not note that run {key.id} is to be cancelled; ask again in a minute."
        answer = Message((text,))
    if answer is None:
        desk.wishes()
    else:
        await desk.answers.privately(asker, answer)


async def _answer(desk: Desk, asker: Asker, message: Message) -> None:
    await desk.answers.privately(asker, message)
