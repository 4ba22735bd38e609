"""Webhook hints about runs that aren't on record. All replicas share the times of the listings that hints cause.

`bot.flows.webhook_hints` takes the hints.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model.run import RunKey
from bot.store.scripts import Scripts


class DiscoveryHints:
    """Implements the flows' `DiscoveryHints` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def ask_for_listing(self, keys: Sequence[RunKey]) -> bool:
        """If a run isn't on record, ask for listings of schedules: now, and a few more soon after. Raises StoreUnavailable.

        Returns whether that makes the next listing due earlier. Without any watches, nothing is listed.
        """
        return bool(await self._scripts.run("hint_listing", *(key.name for key in keys)))

    async def take_hints(self) -> bool:
        """Take the hints that the next listing will answer. Returns False if there are none.

        Raises StoreUnavailable.
        """
        return bool(await self._scripts.run("take_hints"))

    async def look_everywhere(self, together: int) -> int:
        """Make all watched schedules due for a look, with `together` of them in each request. Raises StoreUnavailable.

        Returns how many were made due, or 0 if they would take more requests than hints may cause in a minute.
        """
        return int(await self._scripts.run("look_everywhere", together))
