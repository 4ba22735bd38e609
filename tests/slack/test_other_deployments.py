"""Another deployment that is connected as the same Slack app is noticed, and a rolling restart isn't taken for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack.faults import Fault
from bot.slack.identity import Identity
from bot.slack.listener_app import build_app
from bot.slack.other_deployments import OtherDeployments
from bot.slack.socket_mode import SocketModeReceiver
from bot.store.scripts import Scripts
from bot.store.socket_count import SocketCount
from tests.waiting import eventually

ME = Identity("T0SANDBOX", "U0BOT", "B0BOT", "bolt", "https://acme.slack.com/")


@pytest.fixture
def now() -> list[float]:
    """A clock, in seconds."""
    return [0.0]


def test_more_connections_than_ours_for_a_quarter_of_an_hour(now: list[float]) -> None:
    """If there are too many connections for 15 minutes and in the hello after that, there is one warning."""
    other_deployments = OtherDeployments(clock=lambda: now[0])
    other_deployments.note_hello(4)
    with capture_logs() as lines:
        assert not other_deployments.compare(2)
        now[0] = 899
        assert not other_deployments.compare(2)
        now[0] = 901
        assert other_deployments.compare(2)
        assert lines == []
        other_deployments.note_hello(4)
        assert not other_deployments.compare(2)
        assert not other_deployments.compare(2)
    (line,) = lines
    assert line["event"].startswith("another deployment is connected as the same Slack app")
    assert (line["connections"], line["ours"]) == (4, 2)


def test_a_rolling_restart_is_no_other_deployment(now: list[float]) -> None:
    """A rolling restart causes no warning, because the next hello no longer counts its extra connections."""
    other_deployments = OtherDeployments(clock=lambda: now[0])
    other_deployments.note_hello(4)
    with capture_logs() as lines:
        other_deployments.compare(2)
        now[0] = 901
        assert other_deployments.compare(2)
        other_deployments.note_hello(2)
        assert not other_deployments.compare(2)
        now[0] = 5000
        assert not other_deployments.compare(2)
    assert lines == []


async def test_all_processes_of_a_deployment_count(redis_client: Redis) -> None:
    """The processes of a deployment are counted together, by the deployment's name."""
    ours, other = Scripts(redis_client, "bolt", retention_s=60), Scripts(redis_client, "other", retention_s=60)
    first, second = SocketCount(ours), SocketCount(ours)
    assert await first.share_count(2) == 2
    assert await second.share_count(2) == 4
    assert await first.share_count(1) == 3
    assert await SocketCount(other).share_count(2) == 2


def warned(lines: Sequence[Mapping[str, Any]]) -> int:
    """How many warnings there are about another deployment."""
    return sum("another deployment" in line["event"] for line in lines)


async def test_two_deployments_on_one_app(sandbox: Sandbox) -> None:
    """Over real sockets, the later of two deployments warns, and both stay ready."""
    settings = sandbox.env()
    web = AsyncWebClient(settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"])
    app = build_app(web, "xoxb-1", ME, (), lambda _where, _error: "abc", lambda _asker, _message: None)
    intakes = [
        SocketModeReceiver(
            app, settings["SLACK_APP_TOKEN"], watch_s=0.05, other_deployments=OtherDeployments(lasts_s=0.1)
        )
        for _ in range(2)
    ]
    with capture_logs() as lines:
        for intake in intakes:
            await intake.start()
        try:
            await eventually("the later one to warn", lambda: warned(lines), lambda count: count == 1)
            assert all([await intake.ready() for intake in intakes])
        finally:
            for intake in intakes:
                await intake.stop()


async def test_no_fresh_address_ends_no_watch(sandbox: Sandbox) -> None:
    """If Slack refuses the fresh connection, the old connections are still watched."""
    settings = sandbox.env()
    web = AsyncWebClient(settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"])
    app = build_app(web, "xoxb-1", ME, (), lambda _where, _error: "abc", lambda _asker, _message: None)
    looks = [0]

    async def held(_count: int) -> int:
        looks[0] += 1
        return 0

    intake = SocketModeReceiver(
        app, settings["SLACK_APP_TOKEN"], watch_s=0.01, held=held, other_deployments=OtherDeployments(lasts_s=0.1)
    )
    # The first two connections get URLs; after that, Slack refuses to open more.
    sandbox.workspace.faults.add(Fault("error", "apps.connections.open", count=None, skip=2))
    with capture_logs() as lines:
        await intake.start()
        try:
            await eventually("a refusal", lambda: [line for line in lines if "replaced" in line["event"]], bool)
            seen = looks[0]
            await eventually("another look", lambda: looks[0], lambda count: count > seen + 1)
            assert await intake.ready()
        finally:
            await intake.stop()
