"""Detect another deployment connected as our Slack app, which would silently get half of the commands.

Slack reports in each `hello` how many connections the app has. While processes are being replaced, there are more
connections than usual, so a surplus counts only if it lasts and a new `hello` at the end still shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from prometheus_client import Gauge

log = structlog.get_logger()

LASTS_S = 900.0
FOREIGN = Gauge(
    "bolt_bot_foreign_socket_connections",
    "Connections of the Slack app that another deployment has held for 15 minutes. That deployment receives some of the commands.",
)


class OtherDeployments:
    """Compare Slack's count of connections with this deployment's. Warns once each time a surplus begins."""

    def __init__(self, *, lasts_s: float = LASTS_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._lasts_s = lasts_s
        self._clock = clock
        self._connections = 0
        self._heard_at = 0.0
        self._since: float | None = None
        self._warned = False

    def note_hello(self, connections: int) -> None:
        """Note the number of the app's connections from a `hello`."""
        self._connections, self._heard_at = connections, self._clock()

    def compare(self, held: int) -> bool:
        """Compare the counts. Returns True if a new `hello` is needed to be sure."""
        if self._connections <= held:
            self._since, self._warned = None, False
            FOREIGN.set(0)
            return False
        now = self._clock()
        if self._since is None:
            self._since = now
        sure_from = self._since + self._lasts_s
        if self._warned or now < sure_from:
            return False
        if self._heard_at < sure_from:
            return True
        self._warned = True
        FOREIGN.set(self._connections - held)
        log.warning(
            "another deployment is connected as the same Slack app: it gets some of the commands and clicks. Give it an app "
            "of its own, or the same REDIS_URL and BOLT_BOT_NAME",
            connections=self._connections,
            ours=held,
        )
        return False
