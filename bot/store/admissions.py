"""What people ask for, counted and known again: a person and a channel have a limit, and what was dealt with is not dealt with twice."""

from __future__ import annotations

from bot.core.model.admission import Admitted, Limits
from bot.core.model.request import request_id
from bot.store.scripts import Scripts

# A signature of Slack's is good for five minutes before and after its time.
KEPT_S = 600


class Admissions:
    """Implements the flows' `Admissions` port."""

    def __init__(self, scripts: Scripts, limits: Limits) -> None:
        self._scripts = scripts
        self._limits = limits

    async def admit(self, user: str, channel: str, delivery: str) -> Admitted:
        """Count it, unless it is known, in one script. Raises StoreUnavailable."""
        limits = self._limits
        given = (limits.user, limits.channel, limits.window_s, _name(delivery), KEPT_S)
        return Admitted(await self._scripts.run("admit", user, channel, *given))

    async def done(self, delivery: str) -> None:
        """It is dealt with and acknowledged: each further copy of it is a replay. Raises StoreUnavailable."""
        key = self._scripts.key("seen", _name(delivery))
        await self._scripts.ask(self._scripts.redis.set(key, "done", ex=KEPT_S))


def _name(delivery: str) -> str:
    """Of a length of our own, whatever Slack sends."""
    return request_id("", delivery) if delivery else ""
