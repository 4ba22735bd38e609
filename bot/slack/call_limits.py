"""Limit calls to the methods that look up people and channels, so that Slack never has to answer 429.

Slack limits each method per minute, workspace and app (docs.slack.dev/apis/web-api/rate-limits: tier 2 is 20 calls,
tier 3 is 50, tier 4 is 100). All replicas share the limit, so they share the count.

Posts and edits have limits of their own, in `bot.store.lanes`. `bot.slack.errors` reads a 429 if one comes anyway.
`bot.flows.post_once` and `bot.flows.edit_cards` then wait as long as Slack asks for.
"""

from __future__ import annotations

from typing import Protocol

# A tenth of Slack's limit is reserved for calls made just before Redis was emptied, or by `bolt-bot doctor`.
LIMITS = {
    "conversations.info": 45,
    "conversations.join": 45,
    "usergroups.list": 18,
    "users.conversations": 45,
    "users.info": 90,
    "users.list": 18,
    # Tier 3, but nobody waits for it.
    "users.lookupByEmail": 20,
}


class SlackCallBudget(Protocol):
    """Counts calls across all replicas."""

    async def take(self, method: str, most: int) -> float:
        """Count a call and return 0, or return the seconds to wait if `most` were already made in the last minute."""

    async def hold(self, method: str, for_s: float) -> None:
        """Allow no calls for this long."""


class CallPace:
    """Decides whether a call may be made now. Without `calls`, every call may be made."""

    def __init__(self, calls: SlackCallBudget | None = None) -> None:
        self._calls = calls

    async def take(self, method: str, *, spare: bool) -> float:
        """Return 0 if a call may be made now, or else the seconds to wait.

        `spare`: the call is optional, so half of the calls are reserved for those that aren't.
        """
        most = LIMITS.get(method)
        if self._calls is None or most is None:
            return 0.0
        return await self._calls.take(method, most // 2 if spare else most)

    async def hold(self, method: str, for_s: float) -> None:
        """Apply a Retry-After on every replica."""
        if self._calls is not None and method in LIMITS:
            await self._calls.hold(method, for_s)
