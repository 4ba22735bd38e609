"""A heartbeat: a request to a monitoring service while the bot is ready, so that its silence is noticed.

Every process sends heartbeats, so no leader is needed: the service stops receiving them once no process is ready. If
only one of several processes hangs, the service doesn't notice, but that process's metrics show it.

`bot.readiness` decides whether the bot is ready.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
import structlog
from prometheus_client import Gauge

from bot.http_options import http_options
from bot.network_failure import through, why

log = structlog.get_logger()

EVERY_S = 60.0
SEND_S = 10.0
SENT = Gauge(
    "bolt_bot_heartbeat_timestamp_seconds",
    "When the last heartbeat was accepted, or when the bot started if none has been accepted yet. 0 if no heartbeat is set up.",
)

# Returns the reasons why the bot isn't ready, or an empty list if it is.
Ready = Callable[[], Awaitable[list[str]]]


class Heartbeat:
    """Requests an address every minute while the bot is ready.

    When the service begins to fail, and when it works again, the log names its host once. The address is a secret.
    """

    def __init__(self, url: str, ready: Ready, *, every_s: float = EVERY_S, send_s: float = SEND_S) -> None:
        self._url = url
        self._ready = ready
        self._every_s = every_s
        self._send_s = send_s
        self._failing_since: float | None = None

    async def run(self) -> None:
        """Send heartbeats until cancelled."""
        SENT.set_to_current_time()
        options = http_options(self._url)
        async with httpx.AsyncClient(timeout=self._send_s, follow_redirects=False, **options) as http:
            while True:
                if not await self._ready():
                    self._note(await self._send(http))
                await asyncio.sleep(self._every_s)

    async def _send(self, http: httpx.AsyncClient) -> str:
        """Send a heartbeat. Returns why that failed, or an empty string if the heartbeat was accepted."""
        try:
            # The response's body isn't read, however long it is.
            async with asyncio.timeout(self._send_s), http.stream("GET", self._url) as response:
                return "" if response.is_success else f"it answered with status {response.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError) as error:
            # A ValueError comes from an invalid host name in a redirect, which is parsed although it isn't followed.
            return why(error)

    def _note(self, failure: str) -> None:
        host = through(self._url)
        if not failure:
            SENT.set_to_current_time()
            if self._failing_since is not None:
                log.info("heartbeats are sent again", host=host, failed_s=round(time.monotonic() - self._failing_since))
                self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = time.monotonic()
            log.warning("a heartbeat couldn't be sent", host=host, why=failure)
