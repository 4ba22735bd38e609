"""How many connections to Slack this deployment holds, in all of its processes."""

from __future__ import annotations

import uuid

from bot.store.scripts import Scripts

# A process that says nothing for so long holds none any more.
BELIEVED_S = 180


class SocketCount:
    """Counts them in Redis, under a name that this process makes up."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._process = uuid.uuid4().hex

    async def share_count(self, count: int) -> int:
        """Record that this process holds `count`; how many all hold. Raises StoreUnavailable."""
        return int(await self._scripts.run("sockets", self._process, count, BELIEVED_S * 1_000_000))
