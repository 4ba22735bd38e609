"""Editing cards: each is rendered from the newest state when it's sent, and retried until Slack has accepted it.

`bot.store.lanes` decides how many edits are sent. A card's content is in `bot.core.views.card`.
"""

from __future__ import annotations

from typing import Protocol

import structlog
from structlog.contextvars import bind_contextvars

from bot.core.model.card import Card
from bot.core.model.errors import (
    ChannelRefused,
    ContentRefused,
    CredentialRefused,
    SlackError,
    SlackRefused,
    SlackThrottled,
)
from bot.core.model.request import RequestState
from bot.core.text.message import Message
from bot.core.views.card import request_card, run_card
from bot.flows.lease import Lease
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import EditLane, Requests, Runs
from bot.flows.poster import CREDENTIAL_AGAIN_S
from bot.flows.run_of_card import run_of_card

log = structlog.get_logger()

AGAIN_S = 2.0
BROKEN_AGAIN_S = 60.0
OTHERS_AGAIN_S = 10.0


# Slack's error for a message that was deleted.
DELETED = "message_not_found"
UNEDITABLE = frozenset({"cant_update_message", "edit_window_closed"})


class WatchMessages(Protocol):
    """Messages of incidents, outages and gaps, which aren't cards of runs."""

    async def render(self, card: Card) -> tuple[str, Message] | None:
        """Render a message. Returns its revision and the message, or None if it's no longer on record."""

    async def replace_deleted(self, lease: Lease, card: Card) -> None:
        """Post a new message instead of one that was deleted."""

    async def mark_uneditable(self, card: Card) -> None:
        """Record that a message can't be edited anymore."""


class UnknownState(Exception):  # noqa: N818 - not one of the bot's errors: it never leaves this file
    """A card's request is in a state that only another version of the bot knows."""


class CardEditor:
    """Updates claimed cards to the newest state."""

    def __init__(
        self,
        chat: Chat,
        edits: EditLane,
        requests: Requests,
        runs: Runs,
        *,
        app_url: str,
        watched: WatchMessages | None = None,
    ) -> None:
        """`watched` has the messages of incidents, outages and gaps."""
        self._watched = watched
        self._chat = chat
        self._edits = edits
        self._requests = requests
        self._runs = runs
        self._app_url = app_url

    async def edit_card(self, lease: Lease, item: str) -> None:
        """Edit one card. A failed edit is due again; one that can't succeed is dropped, with its reason recorded."""
        card = await self._edits.load_card(item)
        if card is not None and card.run is not None:
            bind_contextvars(run=card.run.id)
        try:
            rendered = await self._render(card) if card else None
        except UnknownState:
            await self._edits.put_back(lease, delay_s=OTHERS_AGAIN_S)
            return
        if card is None or rendered is None:
            await self._edits.unshowable(lease, "nothing to show")
            return
        if lease.is_valid_for():
            await self._show(lease, card, *rendered)
        else:
            await self._edits.put_back(lease, delay_s=0)

    async def _show(self, lease: Lease, card: Card, revision: str, message: Message) -> None:
        try:
            await self._send(card, message)
        except SlackThrottled as throttled:
            await self._edits.hold(throttled.retry_after_s)
            await self._edits.put_back(lease, delay_s=0)
        except CredentialRefused as refused:
            log.error("Slack refuses my token", why=refused.code, method=refused.method)
            await self._edits.put_back(lease, delay_s=CREDENTIAL_AGAIN_S)
        except ChannelRefused as refused:
            log.warning(
                "Slack refused an edit in a channel; all cards there are left as they are",
                card=card.id,
                why=refused.code,
            )
            await self._edits.unshowable(lease, refused.code, whole_channel=True)
        except SlackRefused as refused:
            log.warning("a card can't be edited anymore", card=card.id, why=refused.code)
            await self._edits.unshowable(lease, refused.code)
            about_incidents = card.incident is not None or card.outage is not None
            replaced = card.gap is not None or (about_incidents and refused.code == DELETED)
            if replaced and self._watched is not None:
                await self._watched.replace_deleted(lease, card)
            elif self._watched is not None and refused.code in UNEDITABLE:
                await self._watched.mark_uneditable(card)
        except SlackError:
            # Edits are idempotent, so repeat this one instead of finding out whether it took effect.
            await self._edits.put_back(lease, delay_s=AGAIN_S)
        except ValueError:
            # A bug in the bot: retry, but rarely, because each attempt uses a slot of the shared budget.
            await self._edits.put_back(lease, delay_s=BROKEN_AGAIN_S)
            raise
        else:
            await self._edits.shown(lease, revision)

    async def _send(self, card: Card, message: Message) -> None:
        try:
            await self._chat.edit_message(card.ref.channel, card.ref.ts, message)
        except ContentRefused as refused:
            log.error("Slack refused a card's blocks; only its text is shown", card=card.id, why=refused.code)
            await self._chat.edit_message(card.ref.channel, card.ref.ts, Message(message.text))

    async def _render(self, card: Card) -> tuple[str, Message] | None:
        """Render the newest revision. Returns None if the card no longer belongs to anything.

        Raises UnknownState if another version of the bot has to edit it.
        """
        if any((card.incident, card.outage, card.gap, card.notice)):
            return await self._watched.render(card) if self._watched else None
        if card.run is not None:
            run = await run_of_card(self._runs, card)
            return (f"run:{run.rev}", run_card(run.seen_in(card.ref.channel), self._app_url)) if run else None
        request = await self._requests.load_request(card.request) if card.request else None
        if request is not None and request.state is RequestState.OTHER:
            raise UnknownState
        return (f"req:{request.rev}", request_card(request, self._app_url)) if request else None
