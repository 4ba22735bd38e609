"""Rate limits for Slack's methods, counted on Redis' clock across all replicas.

The limit of each method is in `bot.slack.call_limits`.
"""

from __future__ import annotations

from bot.core.model.errors import StoreUnavailable
from bot.store.due_sets import MICROSECONDS, microseconds
from bot.store.scripts import Scripts

# Slack counts per minute from when a call arrives. We count it slightly earlier, so our window is longer.
WINDOW_S = 61.0


class SlackCallBudget:
    """Implements the `SlackCallBudget` of `bot.slack.call_limits`.

    Without Redis, calls aren't counted and only Slack's own limits apply.
    """

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def take(self, method: str, most: int) -> float:
        """Count a call and return 0 if fewer than `most` were made in the last minute, or else return the wait in seconds."""
        try:
            wait_us = await self._scripts.run("take_slack_call", method, most, microseconds(WINDOW_S))
        except StoreUnavailable:
            return 0.0
        return float(wait_us) / MICROSECONDS

    async def hold(self, method: str, for_s: float) -> None:
        """Apply a Retry-After on every replica."""
        try:
            await self._scripts.run("apply_retry_after", method, microseconds(for_s))
        except StoreUnavailable:
            return
