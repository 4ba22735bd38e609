"""Admission of people's requests: rate limits per person and channel, and detection of replays.

The limits are in `bot.core.model.admission`, and `bot.slack.admission` answers those who exceed them.
"""

from __future__ import annotations

from bot.core.model.admission import Admitted, Limits
from bot.store.deduplication import PERSON_REQUESTS, Deduplication
from bot.store.scripts import Scripts


class Admissions:
    """Implements the flows' `Admissions` port."""

    def __init__(self, scripts: Scripts, limits: Limits) -> None:
        self._scripts = scripts
        self._limits = limits
        self._deliveries = Deduplication(scripts, PERSON_REQUESTS)

    async def admit(self, user: str, channel: str, delivery: str) -> Admitted:
        """Admit and count a request, unless it's a replay, in one script. Raises StoreUnavailable."""
        limits, kind = self._limits, PERSON_REQUESTS
        counted = (limits.user, limits.channel, limits.window_s)
        known = (
            kind.key,
            kind.name(delivery) if delivery else "",
            round(kind.begun_s * 1000),
            round(kind.done_s * 1000),
        )
        return Admitted(await self._scripts.run("admit_request", user, channel, *counted, *known))

    async def done(self, delivery: str) -> None:
        """Record that a request was handled and acknowledged: each further copy is a replay.

        Raises StoreUnavailable.
        """
        await self._deliveries.done(delivery)
