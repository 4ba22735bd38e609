"""Listening sockets that accept only as many connections as there's room for.

asyncio's own server accepts up to a hundred connections at once, whether or not there's room. If there are no file
descriptors left, it logs a hundred failed attempts per second, each with a traceback.

`bot.web.connections` decides how many connections there may be.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable

from bot.logging import RareWarning
from bot.web.connections import Connections

BACKLOG = 128
# How many connections are accepted in a row before the event loop's other callbacks get their turn.
IN_A_ROW = 16
# Errors of accept() that closing a connection can resolve.
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# Delay before the next attempt if none can be accepted.
AGAIN_S = 0.1


class Listener:
    """Listens on every address of a host. `protocol` returns the protocol for a connection from an address."""

    def __init__(
        self, sockets: list[socket.socket], protocol: Callable[[str], asyncio.Protocol], connections: Connections
    ) -> None:
        self.sockets = sockets
        self._protocol = protocol
        self._connections = connections
        self._opening: set[asyncio.Task[None]] = set()
        self._resting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._failed = RareWarning("HTTP connections couldn't be accepted")

    @classmethod
    async def bind(
        cls, host: str, port: int, protocol: Callable[[str], asyncio.Protocol], connections: Connections
    ) -> Listener:
        """Bind and listen. Raises OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        sockets: list[socket.socket] = []
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                sockets.append(_bound(family, address))
        except OSError:
            for one in sockets:
                one.close()
            raise
        listener = cls(sockets, protocol, connections)
        for one in sockets:
            listener._listen(one)
        return listener

    @property
    def port(self) -> int:
        """Return the port of the first address."""
        return int(self.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop accepting connections. Connections that are already open stay open."""
        for one in self.sockets:
            asyncio.get_running_loop().remove_reader(one)
            one.close()
        for rest in self._resting.values():
            rest.cancel()
        self.sockets = []

    def _listen(self, listening: socket.socket) -> None:
        self._resting.pop(listening, None)
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _rest(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        self._resting[listening] = loop.call_later(AGAIN_S, self._listen, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(IN_A_ROW):
            try:
                made, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._failed.note(why=os.strerror(error.errno or 0))
                if error.errno in NO_ROOM:
                    self._connections.make_room()
                self._rest(listening)
                return
            peer = str(address[0])
            if not self._connections.admit(peer):
                made.close()
                continue
            made.settimeout(0)
            opening = asyncio.ensure_future(self._open(made, peer))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)
            if self._connections.full:
                # A connection closed to make room for a new one releases its descriptor in the loop's next iteration.
                return

    async def _open(self, made: socket.socket, peer: str) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: self._protocol(peer), made)
        except OSError:
            # The connection is already closed.
            self._connections.given_up(peer)
            made.close()


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.settimeout(0)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made
