"""How often Slack's methods are called, counted for all replicas together on Redis' clock."""

from __future__ import annotations

from bot.core.model.errors import StoreUnavailable
from bot.store.due_sets import MICROSECONDS, microseconds
from bot.store.scripts import Scripts

# Slack counts by the minute, from when a call arrives; ours are counted a little earlier.
WINDOW_S = 61.0


class CallBudget:
    """Implements the `CallBudget` of `bot.slack.call_pace`. Without Redis nothing is counted, and Slack's own limits have to do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def take(self, method: str, most: int) -> float:
        """Count a call if fewer than `most` were made within a minute: 0 then, else the seconds until one may be made."""
        try:
            wait_us = await self._scripts.run("take_call", method, most, microseconds(WINDOW_S))
        except StoreUnavailable:
            return 0.0
        return float(wait_us) / MICROSECONDS

    async def hold(self, method: str, for_s: float) -> None:
        """Obey a Retry-After, on every replica."""
        try:
            await self._scripts.run("hold", method, microseconds(for_s))
        except StoreUnavailable:
            return
