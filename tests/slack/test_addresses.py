"""Addresses from outside: only Slack's own are used, and what they return is bounded."""

from __future__ import annotations

import contextlib
import functools
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.core.model.errors import SlackNotSent, SlackRefused
from bot.core.text.message import Message
from bot.slack.addresses import SlackAddresses
from bot.slack.client import SlackChat
from bot.slack.socket_mode import checked_address

HELLO = Message(("hello",))
MEGABYTES = 200
REAL = SlackAddresses("https://slack.com/api/")
PROXIED = SlackAddresses("https://slack.example.com:8443/api/")
LOCAL = SlackAddresses("http://127.0.0.1:3000/slack/api/")


@pytest.mark.parametrize(
    ("addresses", "url", "expected"),
    [
        (REAL, "https://hooks.slack.com/commands/T1/1/x", True),
        (REAL, "https://HOOKS.slack.com:443/actions/T1/1/x", True),
        (REAL, "https://hooks.slack-gov.com/actions/T1/1/x", True),
        (REAL, "http://hooks.slack.com/commands/T1/1/x", False),
        (REAL, "https://hooks.slack.com:8443/commands/T1/1/x", False),
        (REAL, "https://hooks.slack.com.evil.example/commands", False),
        (REAL, "https://evilhooks.slack.com/commands", False),
        (REAL, "https://hooks.slack.com@evil.example/commands", False),
        (REAL, "https://user:pw@hooks.slack.com/commands", False),
        (REAL, "https://evil.example/hooks.slack.com", False),
        (REAL, "https://169.254.169.254/latest/meta-data", False),
        (REAL, "http://127.0.0.1:8080/healthz", False),
        (REAL, "https://hooks.slack.com\\@evil.example/", False),
        (REAL, "https://hooks.slack.com\n.evil.example/", False),
        (REAL, "https://hooks.sl\u0430ck.com/commands", False),
        (REAL, "file:///etc/passwd", False),
        (REAL, "//hooks.slack.com/commands", False),
        (REAL, "https://[::1", False),
        (REAL, "https://hooks.slack.com:x/", False),
        (REAL, "https://hooks.slack.com:99999/", False),
        (REAL, "", False),
        (PROXIED, "https://slack.example.com:8443/response/1", True),
        (PROXIED, "https://slack.example.com/response/1", False),
        (PROXIED, "http://slack.example.com:8443/response/1", False),
        (PROXIED, "https://hooks.slack.com/commands/T1/1/x", True),
        (LOCAL, "http://127.0.0.1:3000/slack/response/1", True),
        (LOCAL, "http://localhost:3000/slack/response/1", True),
        (LOCAL, "http://127.0.0.1:3001/slack/response/1", False),
        (LOCAL, "http://10.0.0.1:3000/slack/response/1", False),
    ],
)
def test_where_answers_may_go(addresses: SlackAddresses, url: str, expected: bool) -> None:  # noqa: FBT001
    """Replies go only to Slack's response host over TLS, or to the host and port of the configured API."""
    assert addresses.allows_response(url) is expected


@pytest.mark.parametrize(
    ("addresses", "url", "expected"),
    [
        (REAL, "https://files.slack.com/upload/v1/x", True),
        (REAL, "https://slack.com.evil.example/upload", False),
        (REAL, "https://evilslack.com/upload", False),
        (REAL, "http://files.slack.com/upload/v1/x", False),
        (LOCAL, "http://127.0.0.1:3000/slack/upload/1", True),
        (LOCAL, "http://127.0.0.1:6379/", False),
    ],
)
def test_where_files_may_go(addresses: SlackAddresses, url: str, expected: bool) -> None:  # noqa: FBT001
    """Files go only to Slack's hosts over TLS, or to the configured API's."""
    assert addresses.allows_upload(url) is expected


@pytest.mark.parametrize(
    ("addresses", "url", "expected"),
    [
        (REAL, "wss://wss-primary.slack.com/link/?ticket=1", True),
        (REAL, "ws://wss-primary.slack.com/link/?ticket=1", False),
        (REAL, "https://wss-primary.slack.com/link/?ticket=1", False),
        (REAL, "wss://evil.example/link", False),
        (PROXIED, "wss://slack.example.com:8443/link", True),
        (LOCAL, "ws://127.0.0.1:3000/slack/socket?ticket=1", True),
        (LOCAL, "ws://127.0.0.1:3001/slack/socket?ticket=1", True),
        (LOCAL, "ws://192.0.2.1:3000/slack/socket?ticket=1", False),
        (PROXIED, "wss://evil.example:8443/link", False),
    ],
)
async def test_where_sockets_may_be_opened(addresses: SlackAddresses, url: str, expected: bool) -> None:  # noqa: FBT001
    """A socket is opened only at an address that is Slack's or the configured API's."""
    assert addresses.allows_socket(url) is expected


class Named(AsyncBaseSocketModeClient):
    """A client whose API returns this address."""

    def __init__(self, url: str) -> None:
        self.web_client = AsyncWebClient()
        self._url = url

    async def issue_new_wss_url(self) -> str:
        """Return the address."""
        return self._url


async def test_a_socket_elsewhere_is_not_opened() -> None:
    """A socket address that isn't Slack's is treated as a connection error, so the client tries again."""
    slacks = "wss://wss-primary.slack.com/link"
    assert await checked_address(Named(slacks))() == slacks
    with pytest.raises(ConnectionError, match="isn't Slack's"):
        await checked_address(Named("wss://evil.example/link"))()


@functools.cache
def bomb() -> bytes:
    """A little data that unpacks to a lot."""
    packing = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return b"".join(packing.compress(b" " * 1_000_000) for _ in range(MEGABYTES)) + packing.flush()


@dataclass(slots=True)
class Answering:
    """A server in place of Slack's, and the requests it got."""

    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the path says."""
        self.asked.append(request.path)
        match request.path:
            case "/elsewhere":
                raise web.HTTPTemporaryRedirect(f"{self.url}/secret")
            case "/bomb":
                return web.Response(body=bomb(), headers={"Content-Encoding": "gzip"})
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                    while True:
                        await response.write(b" " * 65_536)
                return response
            case "/nested":
                return web.Response(text="[" * 10_000)
        return web.Response(text="ok")


@pytest.fixture
async def slack() -> AsyncIterator[Answering]:
    """A server that answers."""
    made = Answering()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def chat(slack: Answering) -> AsyncIterator[SlackChat]:
    """A client of that server."""
    made = SlackChat("xoxb-1", f"{slack.url}/api/", lambda text: text, call_s=5)
    yield made
    await made.close()


async def test_an_answer_goes_nowhere_else(chat: SlackChat, slack: Answering) -> None:
    """A reply to a foreign address is refused without a request, and the log names only the host."""
    with capture_logs() as lines, pytest.raises(SlackRefused, match="foreign_address"):
        await chat.respond(f"http://user:pw@127.0.0.2:{slack.url.rpartition(':')[2]}/token", HELLO)
    assert slack.asked == []
    assert [(line["host"], "token" in str(line)) for line in lines] == [("127.0.0.2", False)]


async def test_a_redirect_is_not_followed(chat: SlackChat, slack: Answering) -> None:
    """A redirect isn't followed, whether for a reply or for a file."""
    with pytest.raises(SlackRefused, match="http_307"):
        await chat.respond(f"{slack.url}/elsewhere", HELLO)
    with pytest.raises(SlackNotSent):
        await chat._put(f"{slack.url}/elsewhere", b"content")
    with pytest.raises(SlackRefused, match="foreign_address"):
        await chat._put("http://127.0.0.2/upload", b"content")
    assert slack.asked == ["/elsewhere", "/elsewhere"]


@pytest.mark.parametrize("path", ["/bomb", "/endless", "/nested"])
async def test_what_an_answer_is_answered_with_is_bounded(chat: SlackChat, slack: Answering, path: str) -> None:
    """Only the beginning of Slack's response is read, however long it is, and the reply counts as sent."""
    await chat.respond(f"{slack.url}/ok", HELLO)
    bomb()
    tracemalloc.start()
    await chat.respond(f"{slack.url}{path}", HELLO)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
