"""Which runs are active in a channel, told to one person."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.active import Listed, active_here
from bot.core.message import Message
from bot.core.run import CardRef
from bot.flows.ports import Indexed, Indexes

SHOWN = 10


class Active:
    """Answers `status` with nothing given. `card_url` gives the web address of a message of ours, None where it is not known."""

    def __init__(self, indexes: Indexes, *, app_url: str, card_url: Callable[[CardRef], str | None]) -> None:
        self._indexes = indexes
        self._app_url = app_url
        self._card_url = card_url

    async def here(self, channel: str, *, typed: str) -> Message:
        """The runs with a card in the channel that are not over; `typed` is how commands begin there. Raises StoreAway."""
        found = await self._indexes.active_in([channel], most=SHOWN)
        listed = [listed_run(one, self._card_url, channel=False) for one in found.runs]
        return active_here(listed, found.total, self._app_url, typed)


def listed_run(found: Indexed, card_url: Callable[[CardRef], str | None], *, channel: bool = True) -> Listed:
    """A run of an index as it is shown in a list, with the channel of its card unless that goes without saying."""
    card = found.card
    if card is None:
        return Listed(found.run)
    # A direct message is no channel that others could go to.
    named = channel and not card.channel.startswith("D")
    return Listed(found.run, card.channel if named else None, card_url(card))
