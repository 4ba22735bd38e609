"""How often the methods that look up people and channels are called: seldom enough that Slack never has to answer 429.

Slack limits each method by the minute, for a workspace and an app (docs.slack.dev/apis/web-api/rate-limits: tier 2 is 20 calls,
tier 3 is 50, tier 4 is 100). All replicas share the limit, so they share the count.
"""

from __future__ import annotations

from typing import Protocol

# A tenth of what Slack allows stays free for calls that were made just before a Redis was emptied, or by `bolt-bot doctor`.
LIMITS = {
    "conversations.info": 45,
    "conversations.join": 45,
    "usergroups.list": 18,
    "users.conversations": 45,
    "users.info": 90,
    "users.list": 18,
}


class CallBudget(Protocol):
    """Counts calls for all replicas."""

    async def take(self, method: str, most: int) -> float:
        """Count a call if fewer than `most` were made within a minute: 0 then, else the seconds until one may be made."""

    async def hold(self, method: str, for_s: float) -> None:
        """Count none as free for so long."""


class CallPace:
    """Says whether a call may be made now. Without `calls` every one may."""

    def __init__(self, calls: CallBudget | None = None) -> None:
        self._calls = calls

    async def take(self, method: str, *, spare: bool) -> float:
        """0 if a call may be made now, else the seconds until then.

        `spare`: the call can be done without, so half of the calls are left to those that can't.
        """
        most = LIMITS.get(method)
        if self._calls is None or most is None:
            return 0.0
        return await self._calls.take(method, most // 2 if spare else most)

    async def hold(self, method: str, for_s: float) -> None:
        """Slack said to wait: every replica does."""
        if self._calls is not None and method in LIMITS:
            await self._calls.hold(method, for_s)
