"""Count this deployment's connections to Slack, across all processes.

`bot.slack.other_deployments` compares it with Slack's count.
"""

from __future__ import annotations

import uuid

from bot.store.scripts import Scripts

# A process that hasn't reported for this long is assumed to have no connections.
BELIEVED_S = 180


class SocketCount:
    """Count connections in Redis, under a random name for this process."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._process = uuid.uuid4().hex

    async def share_count(self, count: int) -> int:
        """Record that this process holds `count` connections.

        Returns the total of all processes. Raises StoreUnavailable.
        """
        return int(await self._scripts.run("count_sockets", self._process, count, BELIEVED_S * 1_000_000))
