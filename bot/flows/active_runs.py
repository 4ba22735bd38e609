"""Answering which runs are active: those in a channel, or a person's.

Home's lists are read in `bot.flows.read_home`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.core.model.run import CardRef
from bot.core.model.run_index import IndexedRun
from bot.core.model.start import QueuePage
from bot.core.text.message import Message
from bot.core.views.active_runs import ListedRun, ListedStart, ListedStarts, active_here
from bot.flows.ports.store import Indexes, StartQueue

SHOWN = 10
STARTS_SHOWN = 5


class ActiveRuns:
    """Answers `status` without arguments. `card_url` returns a message's permalink, or None if unknown."""

    def __init__(
        self, indexes: Indexes, start_queue: StartQueue, *, app_url: str, card_url: Callable[[CardRef], str | None]
    ) -> None:
        self._indexes = indexes
        self._start_queue = start_queue
        self._app_url = app_url
        self._card_url = card_url

    async def active_in_channel(self, channel: str, *, prefix: str) -> Message:
        """List the active runs with a card in the channel, and the starts waiting there.

        `prefix` is the word that commands begin with there, such as `/bolt`. Raises StoreUnavailable.
        """
        found, queued = await asyncio.gather(
            self._indexes.active_in([channel], most=SHOWN), self._start_queue.queued_in(channel, most=STARTS_SHOWN)
        )
        listed = [listed_run(one, self._card_url, channel=False) for one in found.runs]
        starts = listed_starts(queued, self._card_url, channel=False)
        return active_here(listed, found.total, self._app_url, prefix, starts)

    async def active_of_person(self, user: str, *, prefix: str) -> Message:
        """List a person's active runs and queued starts. Raises StoreUnavailable."""
        found, queued = await asyncio.gather(
            self._indexes.active_of(user, most=SHOWN), self._start_queue.queued_of(user, most=STARTS_SHOWN)
        )
        listed = [listed_run(one, self._card_url) for one in found.runs]
        starts = listed_starts(queued, self._card_url)
        return active_here(listed, found.total, self._app_url, prefix, starts, mine=True)


def listed_starts(found: QueuePage, card_url: Callable[[CardRef], str | None], *, channel: bool = True) -> ListedStarts:
    """Prepare queued starts for a list, with their cards' channels if `channel` is set."""
    return ListedStarts(
        found.total,
        tuple(
            ListedStart(
                one,
                one.channel if channel and not one.channel.startswith("D") else None,
                card_url(one.card) if one.card else None,
            )
            for one in found.starts
        ),
    )


def listed_run(found: IndexedRun, card_url: Callable[[CardRef], str | None], *, channel: bool = True) -> ListedRun:
    """Prepare an indexed run for a list, with its card's channel if `channel` is set."""
    card = found.card
    if card is None:
        return ListedRun(found.run.seen_in(""))
    # Other people can't open this person's direct messages.
    named = channel and not card.channel.startswith("D")
    return ListedRun(found.run.seen_in(card.channel), card.channel if named else None, card_url(card))
