"""Strangers learn nothing by asking for everything, and they can't fill the log either."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.core.model.webhook_payload import WebhookHint
from bot.slack.identity import Identity
from bot.slack.listener_app import build_app
from bot.slack.signed_requests import http_handler
from bot.web.server import BODY_MOST, ListenAddress, WebServer
from bot.web.webhooks import Webhooks
from tests.waiting import PATIENCE_S

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
PATHS = (
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/slack/events",
    "/paradime/webhooks",
    "/paradime/webhooks/guess",
    "/healthz/",
    "/slack",
    "/slack/events/..",
    "/%2e%2e/etc/passwd",
    "/favicon.ico",
    "/.git/config",
    "/x" * 2000,
)
# Words that reveal the bot, its language, its libraries or its machine.
TELLING = ("aiohttp", "python", "bolt", "redis", "traceback", "error", "method", "allow", "maximum", "expect")
SECRET = "a-plain-secret-of-some-length"  # noqa: S105 - made up


async def fine() -> list[str]:
    """Ready."""
    return []


async def take(_hint: WebhookHint) -> None:
    """Never called: no stranger gets this far."""
    raise AssertionError


@pytest.fixture
async def served() -> AsyncIterator[WebServer]:
    """The whole server with health and metrics on a port of their own, Slack over HTTP, and webhooks."""
    one = WebServer(fine)
    me = Identity("T1", "U0BOT", "B0BOT", "bolt", "https://acme.slack.com/")
    app = build_app(AsyncWebClient(), "xoxb-1", me, (), lambda _where, _error: "abc", lambda _asker, _message: None)
    one.slack, one.webhooks = http_handler(app, "signing"), Webhooks(SECRET, take).handle
    here = ListenAddress("127.0.0.1", 0)
    await one.start(here, slack_over_http=True, webhooks=True, admin=here)
    yield one
    await one.stop()


def reveals(headers: Mapping[str, str], body: str) -> list[str]:
    """The revealing words in an answer."""
    said = " ".join((*(f"{name}: {value}" for name, value in headers.items()), body)).lower()
    return [word for word in TELLING if word in said]


@pytest.mark.parametrize("method", METHODS)
async def test_every_endpoint_asked_by_a_stranger(served: WebServer, method: str) -> None:
    """Endpoints that need a secret answer 401 and everything else 404, without a body or a revealing header."""
    for_posts = {"/slack/events", "/paradime/webhooks", "/paradime/webhooks/guess"}
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        for path in PATHS:
            url = f"http://127.0.0.1:{served.port}{path}"
            async with http.request(method, url, data=b"{}" if method == "POST" else None) as answer:
                body = await answer.text()
                expected = 401 if method == "POST" and path in for_posts else 404
                assert (path, answer.status, body) == (path, expected, "")
                assert "Server" not in answer.headers
                assert reveals(answer.headers, body) == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"x" * (BODY_MOST + 1)),
        ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * (BODY_MOST * 20))),
        ({"Content-Encoding": "gzip"}, b"no gzip"),
        ({"Expect": "a miracle"}, b"{}"),
        ({"X-Slack-Request-Timestamp": "9" * 5000, "X-Slack-Signature": "v0=é"}, b"{}"),
        ({"X-Slack-Request-Timestamp": "²", "X-Slack-Signature": "v0="}, b"{}"),
        ({"Authorization": "Bearer é", "X-Webhook-Secret": "\u2028"}, b"{}"),
        ({"Content-Type": "application/json; charset=utf-7"}, b"+AHs-"),
    ],
)
@pytest.mark.parametrize("path", ["/slack/events", "/paradime/webhooks"])
async def test_odd_posts_are_refused_without_a_word(
    served: WebServer, path: str, headers: dict[str, str], body: bytes
) -> None:
    """Posts that are too large, badly compressed or in an odd charset get a 4xx status and no body."""
    url = f"http://127.0.0.1:{served.port}{path}"
    async with aiohttp.ClientSession() as http, http.post(url, data=io.BytesIO(body), headers=headers) as answer:
        said = await answer.text()
        assert 400 <= answer.status < 500
        assert said == ""
        assert reveals(answer.headers, said) == []


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"H%d: x\r\n" % number for number in range(5000)) + b"\r\n",
    ],
)
async def test_what_is_no_http_gets_no_account_of_us(
    served: WebServer, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that doesn't speak HTTP is cut off with a bare status or none, and isn't logged."""
    with capture_logs() as lines:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(sent)
        said = (await asyncio.wait_for(reader.read(), PATIENCE_S)).decode("latin-1").lower()
        writer.close()
    assert [word for word in TELLING if word in said] == []
    assert (lines, caplog.records) == ([], [])


async def test_a_body_that_never_comes_is_not_waited_for() -> None:
    """A request whose announced body never comes gets 408."""
    server = WebServer(fine, read_s=0.05)
    await server.start(ListenAddress("127.0.0.1", 0), slack_over_http=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
    assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 408")
    writer.close()
    await server.stop()


async def test_a_fault_of_a_handler_is_a_bare_500(served: WebServer) -> None:
    """If a handler fails, the sender gets a bare 500, and the log gets a line."""

    async def broken(_request: web.Request) -> web.StreamResponse:
        raise RuntimeError("redis://user:password@host")

    served.slack = broken
    url = f"http://127.0.0.1:{served.port}/slack/events"
    with capture_logs() as lines:
        async with aiohttp.ClientSession() as http, http.post(url) as answer:
            assert (answer.status, await answer.text()) == (500, "")
    assert [line["event"] for line in lines] == ["a request over HTTP failed"]


async def test_refusals_fill_no_log(served: WebServer) -> None:
    """A hundred refusals add one line per endpoint to the log, because strangers can repeat them at will."""
    with capture_logs() as lines:
        async with aiohttp.ClientSession() as http:
            for path in ("/slack/events", "/paradime/webhooks") * 50:
                await http.post(f"http://127.0.0.1:{served.port}{path}")
    assert len(lines) == 2
