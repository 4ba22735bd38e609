"""The HTTP server: alive, ready, measured, and closed to everything else."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.web.server import BODY_MOST, ListenAddress, PortTakenError, WebServer


@dataclass(slots=True)
class Stage:
    """A server whose readiness a test decides."""

    reasons: list[str] = field(default_factory=list)
    fault: Exception | None = None
    server: WebServer = field(init=False)

    def __post_init__(self) -> None:
        """Create the server, without starting it."""
        self.server = WebServer(self.not_ready)

    async def not_ready(self) -> list[str]:
        """The reasons that a test has given."""
        if self.fault:
            raise self.fault
        return self.reasons

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.server.port}{path}") as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, body: bytes) -> int:
        """The status of a post."""
        url = f"http://127.0.0.1:{self.server.port}{path}"
        async with aiohttp.ClientSession() as http, http.post(url, data=io.BytesIO(body)) as answer:
            return answer.status


async def test_many_who_ask_at_once_share_one_check() -> None:
    """Simultaneous requests share one check, so strangers can't multiply its calls to Redis and Slack."""
    checking = most = 0

    async def not_ready() -> list[str]:
        nonlocal checking, most
        checking += 1
        most = max(most, checking)
        for _ in range(100):
            # One turn of the loop each, in which the other requests arrive.
            await asyncio.sleep(0)
        checking -= 1
        return []

    server = WebServer(not_ready)
    await server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)

    async def status(http: aiohttp.ClientSession) -> int:
        async with http.get(f"http://127.0.0.1:{server.port}/readyz") as answer:
            return answer.status

    async with aiohttp.ClientSession() as http:
        assert set(await asyncio.gather(*(status(http) for _ in range(20)))) == {200}
    await server.stop()
    assert most == 1


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A stage, stopped afterward."""
    one = Stage()
    yield one
    await one.server.stop()


async def echo(request: web.Request) -> web.StreamResponse:
    """Handle a request as Slack's are handled: read the whole body."""
    return web.Response(text=str(len(await request.read())))


async def test_it_is_alive_whatever_is_away(stage: Stage) -> None:
    """/healthz is 200 while the event loop is responsive, ready or not."""
    stage.reasons = ["redis doesn't answer"]
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    assert await stage.get("/healthz") == (200, "ok\n")


async def test_readiness_comes_and_goes(stage: Stage) -> None:
    """/readyz returns 200, with any notes, if the bot is ready, and otherwise 503 with a line for each reason."""
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    assert await stage.get("/readyz") == (200, "ready\n")
    stage.server.notes = lambda: ["a file can't be used"]
    assert await stage.get("/readyz") == (200, "ready\na file can't be used\n")
    stage.reasons = ["redis doesn't answer", "slack isn't connected"]
    assert await stage.get("/readyz") == (503, "redis doesn't answer\nslack isn't connected\n")


async def test_a_fault_of_the_check_is_not_shown(stage: Stage) -> None:
    """If the check itself fails, the bot isn't ready, and the error isn't shown."""
    stage.fault = ValueError("redis://user:password@host")
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    assert await stage.get("/readyz") == (503, "the check itself failed\n")


async def test_metrics_are_prometheus(stage: Stage) -> None:
    """/metrics is in Prometheus's text format."""
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    status, text = await stage.get("/metrics")
    assert status == 200
    assert "# TYPE python_info gauge" in text


async def test_metrics_of_the_store_follow_those_of_the_process(stage: Stage) -> None:
    """The store's metrics follow the process's once there's a Redis."""

    async def backlog() -> bytes:
        return b"bolt_bot_active_runs 1.0\n"

    stage.server.backlog = backlog
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    _, text = await stage.get("/metrics")
    assert text.startswith("# HELP")
    assert text.endswith("\nbolt_bot_active_runs 1.0\n")


async def test_socket_mode_takes_no_slack_over_http(stage: Stage) -> None:
    """In Socket Mode there's no /slack/events, and no webhooks without a secret."""
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    stage.server.slack = echo
    assert await stage.post("/slack/events", b"x") == 404
    assert await stage.post("/paradime/webhooks", b"x") == 404


async def test_slack_is_asked_to_come_again_until_the_bot_is_ready(stage: Stage) -> None:
    """Slack's requests get 503 before there's a handler and after it's removed."""
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=True)
    assert await stage.post("/slack/events", b"x") == 503
    stage.server.slack = echo
    assert await stage.post("/slack/events", b"x") == 200
    stage.server.slack = None
    assert await stage.post("/slack/events", b"x") == 503


async def test_a_body_is_bounded(stage: Stage) -> None:
    """A body of more than 1 MiB gets 413."""
    stage.server.slack = echo
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=True)
    assert await stage.post("/slack/events", b"x" * BODY_MOST) == 200
    assert await stage.post("/slack/events", b"x" * (BODY_MOST + 1)) == 413


async def test_what_was_let_in_is_answered_before_the_rest_is_finished(stage: Stage) -> None:
    """A request that was accepted is answered before `settle` returns; new ones get 503, and health is served."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        begun.set()
        await go.wait()
        return web.Response(text="done")

    stage.server.slack = slow
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=True)
    first = asyncio.create_task(stage.post("/slack/events", b"x"))
    await begun.wait()
    stage.server.slack = None
    settled = asyncio.create_task(stage.server.settle())
    assert await stage.post("/slack/events", b"x") == 503
    assert await stage.get("/healthz") == (200, "ok\n")
    assert not settled.done()
    go.set()
    assert await first == 200
    await settled
    await stage.server.settle()


async def test_a_port_that_is_taken_is_told(stage: Stage) -> None:
    """If the port is taken, the error names the address and the setting."""
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    other = Stage().server
    with pytest.raises(PortTakenError, match=rf"127\.0\.0\.1:{stage.server.port} .*BOLT_BOT_HTTP_PORT"):
        await other.start(ListenAddress("127.0.0.1", stage.server.port), slack_over_http=False)
    await other.stop()


async def test_health_and_metrics_may_have_a_port_of_their_own(stage: Stage) -> None:
    """With a port of their own, health and metrics are served only there, and that port serves nothing else."""
    stage.server.slack = echo
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=True, admin=ListenAddress("127.0.0.1", 0))
    async with aiohttp.ClientSession() as http:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await http.get(f"http://127.0.0.1:{stage.server.admin_port}{path}")).status == 200
            assert (await http.get(f"http://127.0.0.1:{stage.server.port}{path}")).status == 404
        assert (await http.post(f"http://127.0.0.1:{stage.server.admin_port}/slack/events")).status == 404
    assert await stage.post("/slack/events", b"x") == 200


async def test_a_port_for_health_that_is_taken_is_told(stage: Stage) -> None:
    """If the admin port is taken, the error names its setting, and the other port is closed again."""
    await stage.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
    other, taken = Stage().server, ListenAddress("127.0.0.1", stage.server.port, "BOLT_BOT_ADMIN_PORT")
    with pytest.raises(PortTakenError, match="Choose another address with BOLT_BOT_ADMIN_PORT"):
        await other.start(ListenAddress("127.0.0.1", 0), slack_over_http=False, admin=taken)
    assert other.port == 0
