"""Failures between the bot and the endpoint, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from bot.core.model.errors import BoltError, BoltNotSent, BoltOutcomeUnknown, BoltThrottled, BoltTooLarge, BotError
from bot.paradime.transport import Transport
from tests.paradime.api import NO_TLS, Answer, Api, Drop, errors
from tests.waiting import PATIENCE_S

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
QUERY = "query Q { x }"
MOST = 10_000


@asynccontextmanager
async def sending(
    url: str, timeout_s: float = 5, watched: list[BotError | None] | None = None
) -> AsyncIterator[Transport]:
    """A transport to this URL."""
    made = Transport(
        url,
        {},
        timeout_s=timeout_s,
        body_most=MOST,
        watch=(watched if watched is not None else []).append,
        transport=httpx.AsyncHTTPTransport(
            verify=NO_TLS, limits=httpx.Limits(max_connections=2, max_keepalive_connections=1)
        ),
    )
    yield made
    await made.aclose()


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """A raw server with this handler."""
    tasks = set[asyncio.Task[None]]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    served = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}/graphql"
    served.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def whole(body: bytes, *headers: str) -> bytes:
    """A complete HTTP response."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def closed_port() -> int:
    """A port on this machine on which nothing is listening."""
    served = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = served.sockets[0].getsockname()[1]
    served.close()
    await served.wait_closed()
    return port


async def test_a_refused_connection_was_not_sent() -> None:
    """A request to a port where nothing is listening is reported as not sent."""
    async with sending(f"http://127.0.0.1:{await closed_port()}/graphql") as transport:
        with pytest.raises(BoltNotSent):
            await transport.post(QUERY)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/graphql", "http://[/"])
async def test_an_address_that_is_none_was_not_sent(url: str) -> None:
    """If the address can't be used, nothing was sent."""
    async with sending(url) as transport:
        with pytest.raises(BoltNotSent):
            await transport.post(QUERY)


async def test_a_reset_after_sending_is_lost(api: Api) -> None:
    """If the server took the request and reset the connection, the outcome is unknown."""
    api.say(Drop)
    async with sending(api.url) as transport:
        with pytest.raises(BoltOutcomeUnknown):
            await transport.post(QUERY)
    assert len(api.asked) == 1


async def test_a_body_that_breaks_off_is_lost() -> None:
    """A response that ends before its declared length leaves the outcome unknown."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"data": {"x"')
        await writer.drain()

    async with server(handler) as url, sending(url) as transport:
        with pytest.raises(BoltOutcomeUnknown):
            await transport.post(QUERY)


@pytest.mark.parametrize("noise", [b"not http at all\r\n\r\n", whole(b"not gzip", "Content-Encoding: gzip")])
async def test_what_is_no_http_is_lost(noise: bytes) -> None:
    """Garbage, or a body that can't be decompressed, leaves the outcome unknown."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(noise)
        await writer.drain()

    async with server(handler) as url, sending(url) as transport:
        with pytest.raises(BoltOutcomeUnknown):
            await transport.post(QUERY)


async def test_a_time_out_after_sending_is_lost() -> None:
    """If the server has the request and doesn't answer in time, the outcome is unknown."""
    got = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        got.set()
        await asyncio.Event().wait()

    async with server(handler) as url, sending(url, timeout_s=0.2) as transport:
        with pytest.raises(BoltOutcomeUnknown):
            await transport.post(QUERY)
    assert got.is_set()


async def test_the_time_out_is_for_the_whole() -> None:
    """A server that sends a byte now and then can't hold a request for longer than the timeout."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with server(handler) as url, sending(url, timeout_s=0.3) as transport:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(BoltOutcomeUnknown):
                await transport.post(QUERY)


async def test_a_full_pool_was_not_sent() -> None:
    """A request that waits in vain for a connection wasn't sent, and the outcome of the earlier ones is unknown."""
    full = asyncio.Semaphore(0)

    async def handler(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        full.release()
        await asyncio.Event().wait()

    async with server(handler) as url, sending(url, timeout_s=0.8) as transport:
        first = [asyncio.create_task(transport.post(QUERY)) for _ in range(2)]
        for _ in first:
            await full.acquire()
        with pytest.raises(BoltNotSent):
            await transport.post(QUERY)
        outcomes = await asyncio.gather(*first, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [BoltOutcomeUnknown, BoltOutcomeUnknown]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_an_answer_is_read_up_to_a_bound(packed: bool) -> None:  # noqa: FBT001 - a table
    """A response is read up to the limit, even if it's compressed."""
    body = json.dumps({"data": {"x": "y" * MOST}}).encode()
    sent = whole(gzip.compress(body), "Content-Encoding: gzip") if packed else whole(body)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()

    async with server(handler) as url, sending(url) as transport:
        with pytest.raises(BoltTooLarge) as caught:
            await transport.post(QUERY)
    assert caught.value.most == MOST


async def test_connections_are_kept() -> None:
    """Requests one after another share a connection."""
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while not reader.at_eof():
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            writer.write(whole(b'{"data": {"x": 1}}'))
            await writer.drain()

    async with server(handler) as url, sending(url) as transport:
        for _ in range(3):
            assert (await transport.post(QUERY)).data == {"x": 1}
    assert connections == 1


@pytest.mark.parametrize("location", ["http:x", "http://xn--/", "/" + "a" * 65530], ids=["path", "host", "length"])
async def test_a_redirect_that_cannot_be_read_comes_after_the_request(location: str) -> None:
    """A redirect that httpx can't parse leaves the outcome unknown, because the request may have been executed."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async with server(handler) as url, sending(url) as transport:
        with pytest.raises(BoltOutcomeUnknown):
            await transport.post("mutation M { x }")


async def test_any_text_of_a_person_can_be_sent(api: Api) -> None:
    """Emoji, quotes and even half an emoji are sent unchanged, and None is left out."""
    texts = {"slug": "näch\U0001f600t“ly”", "reason": "\ud83d", "branch": None}
    api.data(x=1)
    async with sending(api.url) as transport:
        await transport.post("mutation M { x }", texts)
    assert api.asked[0].variables == {"slug": texts["slug"], "reason": texts["reason"]}


async def test_each_outcome_is_watched(api: Api) -> None:
    """Success and GraphQL errors are reported as answers, and any other error is reported as itself."""
    api.say(Answer({"data": {"x": 1}}), errors("no"), Answer(b"", 429), Answer(b"", 502))
    watched: list[BotError | None] = []
    async with sending(api.url, watched=watched) as transport:
        await transport.post(QUERY)
        await transport.post(QUERY)
        for _ in range(2):
            with pytest.raises(BoltError):
                await transport.post(QUERY)
    assert watched[:2] == [None, None]
    assert [type(error) for error in watched[2:]] == [BoltThrottled, BoltOutcomeUnknown]
