"""Slack's rate limits, per method and workspace, over the last 60 s.

The tiers are those on docs.slack.dev/apis/web-api/rate-limits and on the methods' own pages. Methods with *special*
limits are unlimited here, except for posting: one message per second and channel (a small burst is tolerated unless
`strict`) and a few hundred per minute and workspace. `bolt_sandbox.slack.web`
answers 429.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

WINDOW_S = 60.0
POSTS_A_MINUTE = 300
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
METHOD_TIERS: dict[str, int] = {
    "apps.connections.open": 3,
    "bots.info": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.join": 3,
    "conversations.list": 2,
    "conversations.members": 4,
    "conversations.open": 3,
    "conversations.replies": 3,
    "files.completeUploadExternal": 4,
    "files.getUploadURLExternal": 4,
    "files.info": 4,
    "reactions.add": 3,
    "team.info": 3,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "users.conversations": 3,
    "users.info": 4,
    "users.list": 2,
    "users.lookupByEmail": 3,
    "views.open": 4,
    "views.publish": 4,
    "views.push": 4,
    "views.update": 4,
}


class RateLimits:
    """Counts calls and limits them. With `strict`, no burst of posts in a channel is tolerated."""

    def __init__(self, clock: Callable[[], float], *, enabled: bool = True, strict: bool = False) -> None:
        self._clock = clock
        self._first = enabled, strict
        self.reset()

    def reset(self) -> None:
        """Restore the initial settings and counts."""
        self.enabled, self.strict = self._first
        self.burst = 5
        # Calls per minute for single methods, instead of their tiers' limits.
        self.limits: dict[str, int] = {}
        self._calls: dict[str, deque[float]] = {}

    def clear(self) -> None:
        """Forget all calls so far."""
        self._calls.clear()

    def take(self, method: str, channel: str = "") -> int | None:
        """Count a call. Returns None if it's allowed, or else the seconds for Retry-After, without counting it."""
        if not self.enabled:
            return None
        now = self._clock()
        rules = self._rules(method, channel)
        waits = [self._wait(key, limit, window_s, now) for key, limit, window_s in rules]
        longest = max(waits, default=0.0)
        if longest > 0:
            return max(1, math.ceil(longest))
        for key, _limit, _window_s in rules:
            self._calls[key].append(now)
        return None

    def _rules(self, method: str, channel: str) -> list[tuple[str, int, float]]:
        if method == "chat.postMessage":
            burst = 1 if self.strict else self.burst
            return [(method, POSTS_A_MINUTE, WINDOW_S), (f"{method} {channel}", burst, float(burst))]
        tier = METHOD_TIERS.get(method)
        limit = self.limits.get(method, 0 if tier is None else TIERS[tier])
        return [(method, limit, WINDOW_S)] if limit else []

    def _wait(self, key: str, limit: int, window_s: float, now: float) -> float:
        calls = self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - window_s:
            calls.popleft()
        return calls[0] + window_s - now if len(calls) >= limit else 0.0
