"""What other services told of people, channels and user groups: kept for some minutes, for every replica."""

from __future__ import annotations

from bot.core.errors import StoreAway
from bot.store.scripts import Scripts

# Whoever asked before something changed must not keep the old answer after it: no call takes longer than this.
FORGOTTEN_S = 15


class Memory:
    """Implements the `Memory` of `bot.slack.people`. Where Redis is away it remembers nothing."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def recall(self, name: str) -> str | None:
        """What is kept under a name."""
        try:
            kept: str | None = await self._scripts.ask(self._scripts.redis.get(self._scripts.key("told", name)))
        except StoreAway:
            return None
        return kept

    async def keep(self, name: str, text: str, for_s: float) -> None:
        """Keep something for so many seconds, unless it was forgotten just now."""
        try:
            await self._scripts.run("keep", name, text, round(for_s * 1000))
        except StoreAway:
            return

    async def forget(self, name: str) -> None:
        """It has changed. Raises StoreAway."""
        await self._scripts.run("forget", name, FORGOTTEN_S)
