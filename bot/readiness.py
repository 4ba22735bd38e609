"""Whether the bot is ready, for `/readyz` and for the heartbeat. `/healthz` is in `bot.web.server`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

from bot.core.model.errors import SlackError, StoreUnavailable
from bot.service_outage import CALL, ServiceOutage
from bot.slack.client import SlackChat
from bot.slack.socket_mode import SocketModeReceiver

WITHIN_S = 2.0


class Readiness:
    """Says why the bot isn't ready, consistent with the log and the gauge of outages.

    `taking_in` is set while requests are accepted. `probe` tries Redis; `socket` is set in Socket Mode.
    """

    def __init__(self, slack: SlackChat, outages: Mapping[str, ServiceOutage]) -> None:
        self._slack = slack
        self._outages = outages
        self.taking_in = False
        self.probe: Callable[[], Awaitable[None]] | None = None
        self.socket: SocketModeReceiver | None = None

    async def not_ready(self) -> list[str]:
        """Return why the bot isn't ready, without hosts, because strangers may read it."""
        if not self.taking_in or self.probe is None:
            waits_for = [outage.reason for outage in self._outages.values() if outage.reason]
            return ["starting or stopping", *waits_for]
        reasons = []
        redis = self._outages["redis"]
        try:
            # The probe includes a write: a server that is full, or has become a replica, still answers reads.
            async with asyncio.timeout(WITHIN_S):
                await self.probe()
        except (StoreUnavailable, TimeoutError):
            reasons.append(redis.reason or "redis doesn't answer: it timed out")
        if self.socket is not None:
            reasons += await self._slack_away(self.socket)
        return reasons

    async def _slack_away(self, socket: SocketModeReceiver) -> list[str]:
        """Return why Slack is unavailable in Socket Mode."""
        slack = self._outages["slack"]
        if not await socket.ready() and not slack.reason:
            return ["slack isn't connected"]
        if slack.away(CALL):
            # There may be no other call for a while, and one failed call must not make Slack count as unavailable
            # forever.
            with contextlib.suppress(SlackError):
                await self._slack.call("auth.test", within_s=WITHIN_S)
        return [slack.reason] if slack.reason else []
