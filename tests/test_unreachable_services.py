"""Why Slack or Bolt can't be reached, tested with real failures: the host is named, and no credential is."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.core.model.errors import BotError
from bot.paradime.client import BoltClient, ClientLimits
from bot.paradime.credentials import Credentials
from bot.slack.client import SlackChat
from tests.certificates import untrusted

SECRET = "xoxb-very-secret-1"  # noqa: S105 - a made-up one
LIMITS = ClientLimits(timeout_s=2, body_most=1000)


async def of_slack(address: str) -> BotError:
    """The error that a call to Slack raises."""
    chat = SlackChat(SECRET, address, lambda text: text)
    with pytest.raises(BotError) as caught:
        await chat.call("auth.test")
    await chat.close()
    return caught.value


async def of_bolt(address: str) -> BotError:
    """The error that a call to Bolt raises."""
    heard: list[BotError | None] = []
    client = BoltClient(f"{address}graphql", Credentials(SECRET, "key"), LIMITS, watch=heard.append)
    with pytest.raises(BotError):
        await client.check()
    await client.aclose()
    assert heard[0] is not None
    return heard[0]


Service = Callable[[str], Awaitable[BotError]]
both = pytest.mark.parametrize("ask", [of_slack, of_bolt], ids=["slack", "bolt"])


def detail(error: BotError) -> str:
    """Return the error's text for operators, and check that it contains no secret."""
    assert SECRET not in f"{error} {error.detail}"
    return error.detail


@asynccontextmanager
async def answering(says: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that sends every client the same bytes. Yields its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(says)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield int(listening.sockets[0].getsockname()[1])
    listening.close()


@both
async def test_a_refused_port(ask: Service) -> None:
    """A refused port is named; it's bound but not listened on, so that nothing else can take it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        assert detail(await ask(f"http://127.0.0.1:{port}/")) == f"127.0.0.1:{port}: the connection was refused"


@both
async def test_a_name_that_does_not_resolve(ask: Service) -> None:
    """A name that doesn't resolve is reported as such; RFC 2606 reserves .invalid for that."""
    told = detail(await ask("https://nowhere.invalid/"))
    assert told == "nowhere.invalid: its host name can't be resolved (DNS)"


@both
async def test_a_certificate_that_is_not_trusted(ask: Service, tmp_path: Path) -> None:
    """An untrusted certificate is reported with the TLS library's own reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(untrusted(tmp_path))
    async with answering(b"", context) as port:
        told = detail(await ask(f"https://127.0.0.1:{port}/"))
    assert told == f"127.0.0.1:{port}: its certificate isn't trusted (self-signed certificate)"


@both
async def test_https_on_an_http_port(ask: Service) -> None:
    """HTTPS on an HTTP port is recognized."""
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "it doesn't speak TLS on that port" in detail(await ask(f"https://127.0.0.1:{port}/"))


@both
async def test_a_dead_proxy(ask: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead proxy is named, without the password in its address."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{SECRET}@127.0.0.1:{port}")
        told = detail(await ask("https://nowhere.invalid/"))
    assert told == f"nowhere.invalid through the proxy 127.0.0.1:{port}: the connection was refused"


@both
async def test_a_proxy_that_refuses(ask: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's refusal is reported with its status."""
    async with answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        told = detail(await ask("https://nowhere.invalid/"))
    assert told.startswith(f"nowhere.invalid through the proxy 127.0.0.1:{port}: the proxy refused (407")
