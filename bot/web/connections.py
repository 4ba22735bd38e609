"""Limit one port's connections in number and time, so that strangers can't exhaust the process's file descriptors.

aiohttp 3.14 has only one timeout, of an hour, for a connection between two requests. A request whose headers never end,
and a response that isn't read, would be held forever.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from bot.logging import RareWarning

# A request's headers must be complete within this time after its first byte or, for the first request, after the
# connection was opened.
HEADERS_S = 10.0
# Longer than common proxies (nginx and AWS: 60 s) keep a connection that they might reuse.
IDLE_S = 75.0
# From the end of a request to the last byte of its response. Slack waits 3 s. The server allows a request body 10 s.
REQUEST_S = 30.0
# The other descriptors are for Redis, Slack and Bolt.
SHARE = 0.5
CONNECTIONS_MOST = 1000
CONNECTIONS_LEAST = 8
PEER_MOST = 100
# How long to keep reading data that arrives after a response, so that the sender gets to see the response.
LINGER_S = 2.0
SWEEP_S = 1.0


class Phase(Enum):
    """The next event that a connection waits for."""

    HEADERS = "headers"
    BODY = "body"
    ANSWER = "answer"
    NEXT = "next request"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Maximum numbers of connections, in total and per address, and of seconds per phase."""

    total: int = CONNECTIONS_MOST
    per_peer: int = PEER_MOST
    headers_s: float = HEADERS_S
    request_s: float = REQUEST_S
    idle_s: float = IDLE_S
    linger_s: float = LINGER_S

    @property
    def sweep_s(self) -> float:
        """Return the interval in seconds for checking for connections that take too long."""
        return min(SWEEP_S, self.headers_s / 4, self.request_s / 4, self.idle_s / 4)

    def seconds(self, phase: Phase) -> float:
        """Return how many seconds a phase may last."""
        return {
            Phase.HEADERS: self.headers_s,
            Phase.BODY: self.request_s,
            Phase.ANSWER: self.request_s,
            Phase.NEXT: self.idle_s,
        }[phase]


class Connection(Protocol):
    """A counted connection. `peer` is the remote address, and `since` is when `phase` began, on the loop's clock."""

    peer: str
    phase: Phase
    since: float

    def abort(self) -> None:
        """Close it at once, even with unsent data."""


def affordable(share: float = SHARE) -> int:
    """Return how many connections fit into a share of this process's file descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MOST
    return max(CONNECTIONS_LEAST, min(CONNECTIONS_MOST, int(soft * share)))


class Connections:
    """Enforce the limits: close slow connections, and close the longest-waiting one to make room for a new one."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[Connection, None] = {}
        # Connections that are accepted but not open yet count as well.
        self._coming = 0
        self._peers: Counter[str] = Counter()
        self._cut = RareWarning(
            "HTTP connections were cut because they were idle or too slow, or because there were too many"
        )
        self._sweeping: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Return the number of open connections."""
        return len(self._open)

    @property
    def full(self) -> bool:
        """Whether another connection would have to replace an existing one."""
        return len(self._open) + self._coming >= self.limits.total

    def admit(self, peer: str) -> bool:
        """Count another connection from an address, if there's room or the longest-waiting one can be closed for it.

        A connection whose request is complete is never closed to make room. Call `opened` or `given_up` next.
        """
        if self._peers[peer] >= self.limits.per_peer:
            admitted = self._make_room(peer)
        else:
            admitted = not self.full or self._make_room(None)
        if admitted:
            self._coming += 1
            self._peers[peer] += 1
        return admitted

    def given_up(self, peer: str) -> None:
        """Stop counting a connection that was admitted but closed before it was open."""
        self._coming -= 1
        self._leave(peer)

    def make_room(self) -> None:
        """Close the longest-waiting connection, if there is one, because the process has no file descriptors left."""
        self._make_room(None)

    def opened(self, connection: Connection) -> None:
        """Note that an admitted connection is open."""
        self._coming -= 1
        self._open[connection] = None
        if self._sweeping is None:
            self._sweep_later()

    def closed(self, connection: Connection) -> None:
        """Stop counting a connection. Safe to repeat."""
        if connection not in self._open:
            return
        del self._open[connection]
        self._leave(connection.peer)

    def _leave(self, peer: str) -> None:
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]

    def _make_room(self, peer: str | None) -> bool:
        waiting = (one for one in self._open if one.phase is not Phase.ANSWER and peer in {None, one.peer})
        oldest = min(waiting, key=lambda one: one.since, default=None)
        self._cut.note()
        if oldest is None:
            return False
        self._end(oldest)
        return True

    def _end(self, connection: Connection) -> None:
        self.closed(connection)
        connection.abort()

    def _sweep_later(self) -> None:
        self._sweeping = asyncio.get_running_loop().call_later(self.limits.sweep_s, self._sweep)

    def _sweep(self) -> None:
        """Close connections that have taken too long. Repeats while any connection is open."""
        self._sweeping = None
        now = asyncio.get_running_loop().time()
        for late in [one for one in self._open if now - one.since > self.limits.seconds(one.phase)]:
            # An idle connection that ends is nothing unusual.
            if late.phase is not Phase.NEXT:
                self._cut.note()
            self._end(late)
        if self._open:
            self._sweep_later()

    def stop(self) -> None:
        """Stop checking for slow connections."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
