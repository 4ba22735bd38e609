"""The connections of one port, bounded in number and in time, so that no stranger can use up the process's descriptors.

aiohttp 3.14 has one time-out, for a connection between two requests: an hour. A request whose headers never end, and an answer that
nobody reads, would be held for ever.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from bot.logging import RareWarning

# A request's headers have to be complete within this time of its first byte, the first one's of the connection's opening.
HEADERS_S = 10.0
# Longer than the usual proxy (nginx and AWS: 60 s) keeps a connection that it might use for its next request.
IDLE_S = 75.0
# From the end of a request to its answer's last byte. Slack waits 3 s. A body may take 10 s, which the server sees to.
REQUEST_S = 30.0
# The rest of the descriptors is for Redis, Slack and Bolt.
SHARE = 0.5
CONNECTIONS_MOST = 1000
CONNECTIONS_LEAST = 8
PEER_MOST = 100
# What still comes after an answer is read for this long, so that the sender gets to see the answer.
LINGER_S = 2.0
SWEEP_S = 1.0


class Phase(Enum):
    """What a connection is waiting for."""

    HEADERS = "headers"
    BODY = "body"
    ANSWER = "answer"
    NEXT = "next request"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, in all and from one address, and how many seconds each phase may take."""

    total: int = CONNECTIONS_MOST
    per_peer: int = PEER_MOST
    headers_s: float = HEADERS_S
    request_s: float = REQUEST_S
    idle_s: float = IDLE_S
    linger_s: float = LINGER_S

    @property
    def sweep_s(self) -> float:
        """How often to look for what takes too long."""
        return min(SWEEP_S, self.headers_s / 4, self.request_s / 4, self.idle_s / 4)

    def seconds(self, phase: Phase) -> float:
        """How long a phase may last."""
        return {
            Phase.HEADERS: self.headers_s,
            Phase.BODY: self.request_s,
            Phase.ANSWER: self.request_s,
            Phase.NEXT: self.idle_s,
        }[phase]


class Connection(Protocol):
    """A connection as it is counted. `peer` is the other side's address, `since` when `phase` began, on the loop's clock."""

    peer: str
    phase: Phase
    since: float

    def abort(self) -> None:
        """Close it at once, whatever is still unsent."""


def affordable(share: float = SHARE) -> int:
    """How many connections fit into a share of the descriptors that this process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MOST
    return max(CONNECTIONS_LEAST, min(CONNECTIONS_MOST, int(soft * share)))


class Connections:
    """Keeps within its limits: what takes too long is cut, and the one that has waited longest makes room for a new one."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[Connection, None] = {}
        # Those that are accepted and not open yet count as well.
        self._coming = 0
        self._peers: Counter[str] = Counter()
        self._cut = RareWarning("HTTP connections were cut because they were idle or too slow, or there were too many")
        self._sweeping: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def full(self) -> bool:
        """Whether a further one needs the place of another."""
        return len(self._open) + self._coming >= self.limits.total

    def admit(self, peer: str) -> bool:
        """Count one more from that address, if there is room or the one that has waited longest can be cut for it.

        A connection whose request is complete is never cut for another one. `opened` or `given_up` has to follow.
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
        """A connection that was admitted has ended before it was open."""
        self._coming -= 1
        self._leave(peer)

    def make_room(self) -> None:
        """Cut the connection that has waited longest, if there is one: the process has no descriptor left."""
        self._make_room(None)

    def opened(self, connection: Connection) -> None:
        """An admitted connection is open."""
        self._coming -= 1
        self._open[connection] = None
        if self._sweeping is None:
            self._sweep_later()

    def closed(self, connection: Connection) -> None:
        """Count it no longer. Safe to repeat."""
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
        """Cut what has taken too long; again while anything is open."""
        self._sweeping = None
        now = asyncio.get_running_loop().time()
        for late in [one for one in self._open if now - one.since > self.limits.seconds(one.phase)]:
            # That an idle connection ends is the ordinary course of things.
            if late.phase is not Phase.NEXT:
                self._cut.note()
            self._end(late)
        if self._open:
            self._sweep_later()

    def stop(self) -> None:
        """End the sweeping."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
