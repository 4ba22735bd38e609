"""The messages of watches that are edited in place: incidents', outages', notices, and those about gaps.

`bot.core.watching.edits` decides when an incident's message is edited.
"""

from __future__ import annotations

from bot.core.model.card import Card
from bot.core.text.message import Message
from bot.flows.lease import Lease
from bot.flows.post_gap import GapPoster
from bot.flows.post_incident import IncidentPoster
from bot.flows.post_notice import NoticePoster
from bot.flows.post_outage import OutagePoster


class WatchMessages:
    """Renders the messages of watches for edits."""

    def __init__(
        self, incidents: IncidentPoster, outages: OutagePoster, gaps: GapPoster, notices: NoticePoster
    ) -> None:
        self._incidents = incidents
        self._outages = outages
        self._gaps = gaps
        self._notices = notices

    async def render(self, card: Card) -> tuple[str, Message] | None:
        """Render a message. Returns its revision and the message, or None if it's no longer on record."""
        if card.gap is not None:
            return await self._gaps.render(card)
        if card.notice is not None:
            return await self._notices.render(card)
        return await (self._outages.render(card) if card.outage is not None else self._incidents.render(card))

    async def replace_deleted(self, lease: Lease, card: Card) -> None:
        """Post a new message instead of one that was deleted. A deleted notice isn't replaced."""
        if card.gap is not None:
            await self._gaps.replace_deleted(card)
        elif card.outage is not None:
            await self._outages.replace_deleted(card)
        elif card.incident is not None:
            await self._incidents.replace_deleted(lease, card)

    async def mark_uneditable(self, card: Card) -> None:
        """Record that a message can't be edited anymore. From then on, changes are posted in its thread."""
        if card.outage is not None:
            await self._outages.mark_uneditable(card)
        elif card.incident is not None:
            await self._incidents.mark_uneditable(card)
