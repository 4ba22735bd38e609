"""Heartbeats, sent to a real server while the bot is ready; when they begin to fail, that's logged once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from aiohttp import web
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.heartbeat import Heartbeat
from tests.certificates import untrusted
from tests.waiting import eventually

PATH = "/ping/very-secret-token"


@dataclass(slots=True)
class Monitor:
    """A monitoring service, and what it has received."""

    status: int = 200
    hangs: bool = False
    location: str = "/elsewhere"
    over: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[str] = field(default_factory=list)
    port: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        """Note a heartbeat, and answer as the test wants."""
        self.heard.append(f"{request.method} {request.path}")
        if self.hangs:
            await self.over.wait()
        return web.Response(status=self.status, headers={"Location": self.location})

    @property
    def url(self) -> str:
        """The address that heartbeats are sent to."""
        return f"http://127.0.0.1:{self.port}{PATH}"


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    """A service that accepts heartbeats."""
    made = Monitor()
    async with serving(made):
        yield made


@contextlib.asynccontextmanager
async def serving(monitor: Monitor, tls: SSLContext | None = None) -> AsyncIterator[None]:
    """Serve the monitor on a free port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", monitor.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    monitor.port = runner.addresses[0][1]
    yield
    monitor.over.set()
    await runner.cleanup()


async def ready() -> list[str]:
    """A bot that is ready."""
    return []


@contextlib.asynccontextmanager
async def beating(heartbeat: Heartbeat) -> AsyncIterator[None]:
    """Send heartbeats while the block runs."""
    task = asyncio.create_task(heartbeat.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def sent_at() -> float:
    """The metric's value."""
    return REGISTRY.get_sample_value("bolt_bot_heartbeat_timestamp_seconds") or 0


async def test_it_is_sent_again_and_again(monitor: Monitor) -> None:
    """Heartbeats are sent repeatedly, the first at once, and the metric has the time of the newest one."""
    before = time.time()
    with capture_logs() as lines:
        async with beating(Heartbeat(monitor.url, ready, every_s=0.01)):
            await eventually("three heartbeats", lambda: len(monitor.heard) >= 3)
            await eventually("the metric", lambda: sent_at() >= before)
    assert set(monitor.heard) == {f"GET {PATH}"}
    assert lines == []


async def test_a_bot_that_is_not_ready_is_silent(monitor: Monitor) -> None:
    """A bot sends no heartbeat until it's ready."""
    reasons, asked = ["redis doesn't answer"], 0

    async def not_ready() -> list[str]:
        nonlocal asked
        asked += 1
        return reasons

    async with beating(Heartbeat(monitor.url, not_ready, every_s=0.01)):
        await eventually("some checks", lambda: asked > 3)
        assert monitor.heard == []
        reasons.clear()
        await eventually("a heartbeat", lambda: bool(monitor.heard))


async def test_a_redirect_that_cannot_be_read_is_a_failure(monitor: Monitor) -> None:
    """A redirect to an unreadable address is an ordinary failure, although httpx parses the address."""
    monitor.status, monitor.location = 302, "http://xn--/"
    with capture_logs() as lines:
        async with beating(Heartbeat(monitor.url, ready, every_s=0.01)):
            await eventually("two heartbeats", lambda: len(monitor.heard) >= 2)
    assert [line["event"] for line in lines] == ["a heartbeat couldn't be sent"]


async def test_a_failure_is_logged_once_at_each_end(monitor: Monitor) -> None:
    """A failure is logged when it begins and ends, with its cause but no secret address; redirects aren't followed."""
    monitor.status = 500
    with capture_logs() as lines:
        async with beating(Heartbeat(monitor.url, ready, every_s=0.01)):
            await eventually("three heartbeats", lambda: len(monitor.heard) >= 3)
            monitor.status = 302
            count = len(monitor.heard)
            await eventually("two more", lambda: len(monitor.heard) >= count + 2)
            monitor.status = 204
            await eventually("the end in the log", lambda: len(lines) == 2)
    assert [line["event"] for line in lines] == ["a heartbeat couldn't be sent", "heartbeats are sent again"]
    assert lines[0]["why"] == "it answered with status 500"
    assert lines[0]["host"] == f"127.0.0.1:{monitor.port}"
    assert "very-secret" not in str(lines)
    assert set(monitor.heard) == {f"GET {PATH}"}


async def test_a_service_that_hangs_is_given_up(monitor: Monitor) -> None:
    """If the service doesn't answer, the request is abandoned, and the next one is sent as usual."""
    monitor.hangs = True
    with capture_logs() as lines:
        async with beating(Heartbeat(monitor.url, ready, every_s=0.01, send_s=0.05)):
            await eventually("a second try", lambda: len(monitor.heard) >= 2)
            await eventually("a line", lambda: bool(lines))
    assert lines[0]["why"] == "it timed out"


async def test_a_service_that_is_away_is_named(monitor: Monitor, tmp_path: Path) -> None:
    """A service without TLS or with an untrusted certificate is named with the cause."""
    port, tls = monitor.port, SSLContext(PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(untrusted(tmp_path))
    secured = Monitor()
    async with serving(secured, tls):
        with capture_logs() as lines:
            async with beating(Heartbeat(f"https://127.0.0.1:{secured.port}{PATH}", ready)):
                await eventually("a line", lambda: bool(lines))
    assert "isn't trusted" in lines[0]["why"]
    with capture_logs() as lines:
        async with beating(Heartbeat(f"https://127.0.0.1:{port}{PATH}", ready)):
            await eventually("a line", lambda: bool(lines))
    assert "doesn't speak TLS" in lines[0]["why"]


async def test_it_goes_through_the_proxy(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats go through the proxy, whose password isn't logged."""
    monkeypatch.setenv("HTTP_PROXY", f"http://user:proxy-password@127.0.0.1:{monitor.port}")
    with capture_logs() as lines:
        async with beating(Heartbeat(f"http://monitor.invalid{PATH}", ready, every_s=0.01)):
            await eventually("a heartbeat", lambda: bool(monitor.heard))
            monitor.status = 503
            await eventually("a line", lambda: bool(lines))
    assert lines[0]["host"] == f"monitor.invalid through the proxy 127.0.0.1:{monitor.port}"
    assert "proxy-password" not in str(lines)
