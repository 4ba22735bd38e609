"""A workspace on a real socket, with a clock that the tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bolt_sandbox.slack import BODY_MOST, People, Workspace, add_routes
from bolt_sandbox.slack.delivery import Delivery
from bot.manifest import render_manifest
from tests.waiting import PATIENCE_S, seen

from .listener import Listener


class Clock:
    """A clock in Unix seconds that moves only when told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@dataclass
class Served:
    """A workspace that is served, a client with its bot token, and a session for the control API."""

    ws: Workspace
    delivery: Delivery
    people: People
    client: AsyncWebClient
    session: aiohttp.ClientSession
    base_url: str
    clock: Clock
    slept: list[float] = field(default_factory=list)

    async def control(self, path: str, **body: object) -> dict[str, object]:
        """Post to the control API; the reply has to be 200."""
        async with self.session.post(f"{self.base_url}/control/{path}", json=body) as reply:
            assert reply.status == 200, await reply.text()
            answer: dict[str, object] = await reply.json()
            return answer


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine may be used between client and server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock() -> Clock:
    """A clock that moves only when told to."""
    return Clock()


@pytest.fixture
async def served(clock: Clock) -> AsyncIterator[Served]:
    """A served workspace without rate limits, whose repeated deliveries don't wait."""
    ws = Workspace(render_manifest(), clock=clock)
    ws.rates.enabled = False
    ws.features = replace(ws.features, events=frozenset({"app_mention", "message.im", "app_home_opened"}))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    app = web.Application(client_max_size=BODY_MOST)
    delivery = Delivery(ws, ack_timeout_s=PATIENCE_S, sleep=sleep)
    routes = add_routes(app, ws, delivery=delivery)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    ws.base_url = base_url
    client = AsyncWebClient(ws.bot_token, base_url=f"{base_url}/slack/api/", retry_handlers=[])
    async with aiohttp.ClientSession() as session:
        yield Served(ws, delivery, routes.people, client, session, base_url, clock, slept)
    await runner.cleanup()


@pytest.fixture
async def listener(served: Served) -> Listener:
    """An app that is not connected yet."""
    return Listener(served.client)


@pytest.fixture
async def handler(served: Served, listener: Listener) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app connected by one socket."""
    made = AsyncSocketModeHandler(listener.app, served.ws.app_token, ping_interval=0.2)
    await made.connect_async()
    await seen(served.ws, lambda: len(served.delivery.sockets.connections) == 1)
    yield made
    await made.close_async()
