"""What Slack has delivered lately."""

from __future__ import annotations

from bot.core.model.request import request_id
from bot.store.scripts import Scripts

KEPT_S = 600


class Deliveries:
    """Deliveries that are answered for everybody to see, kept for ten minutes: Slack repeats within one."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def is_new(self, delivery: str) -> bool:
        """Whether this is the first time. Raises StoreUnavailable."""
        key = self._scripts.key("delivered", request_id("", delivery))
        return bool(await self._scripts.ask(self._scripts.redis.set(key, "1", nx=True, ex=KEPT_S)))
