"""Connections: limited in number and time, whatever a stranger does or fails to do."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.web.connections import ConnectionLimits
from bot.web.server import BODY_MOST, ListenAddress, WebServer

# Generous, for a busy machine: a test takes this long only if something is wrong.
SOON_S = 60.0
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def fine() -> list[str]:
    """Ready."""
    return []


@dataclass(slots=True)
class Served:
    """A server, and the connections that tests have opened to it."""

    server: WebServer
    opened: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connected(self, sent: bytes = b"", *, port: int = 0, using: socket.socket | None = None) -> Peer:
        """Open a connection and send something."""
        port = port or self.server.port
        if using is not None:
            await asyncio.get_running_loop().sock_connect(using, ("127.0.0.1", port))
        made = {"sock": using} if using else {"host": "127.0.0.1", "port": port}
        reader, writer = await asyncio.open_connection(**made)
        self.opened.append(writer)
        writer.write(sent)
        return reader, writer


@contextlib.asynccontextmanager
async def serving(limits: ConnectionLimits, *, read_s: float = 10.0, admin: bool = False) -> AsyncIterator[Served]:
    """A server with these limits, and Slack over HTTP."""
    server, here = WebServer(fine, read_s=read_s, limits=limits), ListenAddress("127.0.0.1", 0)
    await server.start(here, slack_over_http=True, admin=here if admin else None)
    served = Served(server)
    try:
        yield served
    finally:
        for writer in served.opened:
            writer.close()
        await server.stop()
        for writer in served.opened:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def ended(peer: Peer) -> bytes:
    """Read until the server closes the connection, which it has to do soon."""
    async with asyncio.timeout(SOON_S):
        try:
            return await peer[0].read()
        except ConnectionResetError:
            return b""


async def answered(peer: Peer, sent: bytes = GET) -> bytes:
    """The first line of the answer to a request."""
    peer[1].write(sent)
    async with asyncio.timeout(SOON_S):
        line = await peer[0].readline()
        await peer[0].readuntil(b"ok\n")
        return line


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n",
        b"POST /slack/events HTTP/1.1\r\nContent-Length: 5\r\nX: ",
    ],
)
@pytest.mark.parametrize("admin", [False, True])
async def test_headers_that_never_end_are_not_waited_for(sent: bytes, admin: bool) -> None:  # noqa: FBT001
    """A connection whose headers never end, or never start, is closed, on either port."""
    async with serving(ConnectionLimits(headers_s=0.1), admin=admin) as served:
        assert await ended(await served.connected(sent, port=served.server.admin_port)) == b""


async def test_a_byte_now_and_then_does_not_hold_a_connection() -> None:
    """Every request's headers must arrive in time, even if bytes keep coming; otherwise, the connection is closed."""
    async with serving(ConnectionLimits(headers_s=0.3)) as served:
        for first in (b"", GET):
            peer = await served.connected(first)

            async def drip(writer: asyncio.StreamWriter = peer[1]) -> None:
                while True:
                    writer.write(b"G")
                    await writer.drain()
                    # This test is about slow clients, so it sends as slowly as they do.
                    await asyncio.sleep(0.05)

            with pytest.raises(ConnectionError):
                await asyncio.wait_for(drip(), SOON_S)


async def test_an_idle_connection_is_cut() -> None:
    """A connection can be used again after a response, and is closed if it's idle for too long."""
    async with serving(ConnectionLimits(idle_s=2.5)) as served:
        peer = await served.connected()
        assert await answered(peer) == await answered(peer) == b"HTTP/1.1 200 OK\r\n"
        assert await ended(peer) == b""


async def test_an_answer_that_nobody_reads_is_not_kept() -> None:
    """A client that sends requests and reads no answer is cut off."""
    async with serving(ConnectionLimits(request_s=0.3)) as served:
        loop = asyncio.get_running_loop()
        with socket.socket() as deaf:
            # A small buffer, so that it's soon full.
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(0)
            await loop.sock_connect(deaf, ("127.0.0.1", served.server.port))

            async def pour() -> None:
                while True:
                    await loop.sock_sendall(deaf, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 100)

            with pytest.raises(ConnectionError):
                await asyncio.wait_for(pour(), SOON_S)


async def test_a_body_that_comes_too_slowly_is_not_waited_for() -> None:
    """A body that arrives too slowly gets 408, and the connection is closed."""
    async with serving(ConnectionLimits(linger_s=1.0), read_s=0.2) as served:
        head = b"POST /slack/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        peer = await served.connected(head)
        status = asyncio.ensure_future(peer[0].readline())
        async with asyncio.timeout(SOON_S):
            # Only until there's an answer: sending to a closed connection would reset it.
            while not status.done():
                peer[1].write(b"1\r\nx\r\n")
                await peer[1].drain()
                await asyncio.wait({status}, timeout=0.02)
        assert status.result().startswith(b"HTTP/1.1 408 ")
        await ended(peer)


async def test_the_one_that_waited_longest_makes_room() -> None:
    """If there are too many connections, those that have waited longest are closed and the newest is served."""
    async with serving(ConnectionLimits(total=4)) as served:
        waiting = [await served.connected(b"GET / HTTP/1.1\r\n") for _ in range(12)]
        last = await served.connected()
        assert await answered(last) == b"HTTP/1.1 200 OK\r\n"
        assert [await ended(one) for one in waiting[:9]] == [b""] * 9


async def test_an_address_has_its_own_bound() -> None:
    """One address can't use all connections."""
    async with serving(ConnectionLimits(per_peer=2)) as served:
        first, second, third = [await served.connected() for _ in range(3)]
        assert await ended(first) == b""
        assert await answered(second) == await answered(third) == b"HTTP/1.1 200 OK\r\n"


async def test_connections_that_are_reset_at_once_count_no_longer() -> None:
    """Connections reset at once, as by load balancers' checks, no longer count, even if their address is unknown."""
    async with serving(ConnectionLimits(per_peer=3)) as served:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", served.server.port)) as check:
                check.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            answer = await ended(await served.connected(b"GET /healthz HTTP/1.0\r\n\r\n"))
            assert answer.startswith(b"HTTP/1.0 200 OK\r\n")


async def test_bodies_that_never_end_make_room() -> None:
    """Bodies that never end are cut, so that the newest connection is served."""
    async with serving(ConnectionLimits(total=4)) as served:
        begun = [
            await served.connected(b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
            for _ in range(8)
        ]
        assert await answered(await served.connected()) == b"HTTP/1.1 200 OK\r\n"
        assert [await ended(one) for one in begun[:5]] == [b""] * 5


async def test_what_is_being_answered_is_not_cut_for_another_one() -> None:
    """If all connections are in the middle of a request, a new one is refused."""
    going_on, done = asyncio.Event(), asyncio.Event()

    async def slowly(_request: web.Request) -> web.StreamResponse:
        going_on.set()
        await done.wait()
        return web.Response(text="done")

    async with serving(ConnectionLimits(total=1)) as served:
        served.server.slack = slowly
        busy = await served.connected(b"POST /slack/events HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
        await going_on.wait()
        assert await ended(await served.connected(GET)) == b""
        done.set()
        assert (await ended(busy)).endswith(b"done")


async def test_without_descriptors_it_is_tried_again() -> None:
    """Running out of descriptors is logged, the connection that has waited longest is cut, and the next is served."""
    async with serving(ConnectionLimits()) as served:
        idle = await served.connected()
        assert await answered(idle) == b"HTTP/1.1 200 OK\r\n"
        with capture_logs() as lines, socket.socket() as made, no_more_descriptors():
            made.settimeout(0)
            peer = await served.connected(using=made)
            assert await answered(peer) == b"HTTP/1.1 200 OK\r\n"
        assert await ended(idle) == b""
    reasons = [line["why"] for line in lines if "couldn't be accepted" in line["event"]]
    assert reasons == [os.strerror(errno.EMFILE)]


@contextlib.contextmanager
def no_more_descriptors() -> Iterator[None]:
    """Let this process open nothing more until it closes something."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP ", "gzip, gzip", "x"])
async def test_a_packed_body_is_refused_before_it_is_read(encoding: str, caplog: pytest.LogCaptureFixture) -> None:
    """A compressed body gets 415 before it's read, and nothing is logged."""
    with capture_logs() as lines:
        async with serving(ConnectionLimits(linger_s=0.1), read_s=SOON_S) as served:
            head = (
                f"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Encoding: {encoding}\r\nContent-Length: 9\r\n\r\n"
            )
            peer = await served.connected(head.encode() + b"garbage!!")
            assert (await ended(peer)).startswith(b"HTTP/1.1 415 ")
            # A body that never comes isn't waited for either.
            assert (await ended(await served.connected(head.encode()))).startswith(b"HTTP/1.1 415 ")
    assert (lines, caplog.records) == ([], [])


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /slack/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"POST /slack/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        b"POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /slack/events HTTP/1.0\r\nContent-Length: 10\r\n\r\nabc",
        b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (BODY_MOST + 1) + b"x" * 100_000,
        b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\xff\xfe: \xff\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + b"x" * 100_000,
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000,
        GET * 500 + b"GARBAGE\r\n\r\n",
        b"\r\n" * 50_000,
    ],
)
async def test_what_breaks_off_or_is_no_http_leaves_no_trace(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Broken requests are cut off, with at most two lines in the log and no traceback."""
    with capture_logs() as lines:
        async with serving(
            ConnectionLimits(headers_s=0.5, request_s=1, idle_s=0.5, linger_s=0.1), read_s=0.2
        ) as served:
            for peer in [await served.connected(sent) for _ in range(20)]:
                if peer[1].can_write_eof():
                    with contextlib.suppress(OSError):
                        peer[1].write_eof()
                await ended(peer)
    assert len(lines) <= 2
    assert [line for line in lines if "exc_info" in line] == []
    assert caplog.records == []
