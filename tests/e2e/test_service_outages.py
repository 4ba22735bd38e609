"""Outages of Redis, Bolt or Slack: each is logged when it begins and when it ends, and nothing is lost.

Many schedules that fail at once are tested in tests/flows/test_post_outage.py.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import aiohttp
import pytest
from redis import Redis

from bolt_sandbox.bolt import Fault
from bolt_sandbox.slack.sockets import DisconnectReason
from bot.store.embedded import EmbeddedRedis, find_server
from tests.e2e.stage import Stage
from tests.waiting import eventually

SHORT = {"BOLT_BOT_LEASE_S": "1.5", "BOLT_BOT_API_TIMEOUT_S": "1"}
LONG_S = 40.0


def lines(stage: Stage, event: str, service: str, why: str = "") -> int:
    """How often the bot has logged this event about a service."""
    printed = stage.bots[-1].printed().splitlines()
    return sum(event in line and f"service={service}" in line and why in line for line in printed)


async def readiness(port: int) -> tuple[int, str]:
    """The response from /readyz."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status, await answer.text()


async def gauge(port: int, service: str) -> float:
    """The metric that says whether a service is up."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    return float(text.partition(f'bolt_bot_service_up{{service="{service}"}} ')[2].split()[0])


async def test_bolt_away_while_a_run_is_followed(stage: Stage) -> None:
    """A run's end is announced when Bolt is back; the outage is logged once when it begins and once when it's over."""
    # With the default timeout for requests: on a busy machine, a short one would be an outage of its own.
    await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    await stage.slash("run nightly")
    await stage.until(stage.card_says("is running"))
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    calls = stage.sandbox.bolt.calls.total
    await stage.until(lambda: stage.sandbox.bolt.calls.total > calls + 1, timeout_s=LONG_S)
    stage.sandbox.bolt.faults.clear()
    await stage.until(stage.replied("succeeded"), timeout_s=LONG_S)
    assert lines(stage, "a service is away", "bolt") == 1
    assert lines(stage, "a service is back", "bolt") == 1


async def test_slack_away_while_a_run_ends(stage: Stage) -> None:
    """If every connection to Slack is cut, a run's end is shown and announced once when Slack is back."""
    await stage.start_bot(SHORT)
    # A run of this schedule doesn't end before the test ends it.
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    stage.sandbox.workspace.faults.away = True
    (run,) = stage.started()
    stage.sandbox.bolt.end(run.id, "SUCCESS")
    asked = stage.sandbox.bolt.calls.total
    await stage.until(lambda: stage.sandbox.bolt.calls.total > asked, timeout_s=LONG_S)
    stage.sandbox.workspace.faults.away = False
    await stage.until(stage.replied("succeeded"), timeout_s=LONG_S)
    await stage.until(stage.card_says("succeeded"), timeout_s=LONG_S)
    assert len(stage.replies()) == 1


async def test_redis_away_while_a_run_is_followed(stage: Stage) -> None:
    """The bot reconnects to a restarted Redis; a command during the outage gets the reason why it failed."""
    # The path is short, because a socket's path has a limit, and new, because other test runs may be active.
    folder = Path(tempfile.mkdtemp(prefix="bolt-bot-"))
    redis = EmbeddedRedis(folder, find_server())
    try:
        url = await redis.start()
        await stage.start_bot({"REDIS_URL": url, **SHORT})
        await stage.slash("run nightly")
        await stage.until(stage.card_says("is running"))
        await redis.stop()
        await stage.slash("run hourly")
        await stage.until(stage.told_privately("I couldn't record this"))
        await redis.start()
        await stage.until(stage.replied("succeeded"), timeout_s=LONG_S)
        assert lines(stage, "a service is away", "redis") == 1
        assert lines(stage, "a service is back", "redis") == 1
    finally:
        await redis.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("reason", ["refresh_requested", "too_many_websockets"])
async def test_a_socket_that_goes_away_is_replaced(stage: Stage, reason: DisconnectReason) -> None:
    """Slack replaces connections every few hours, and commands still arrive."""
    await stage.start_bot()
    sockets = stage.sandbox.slack.delivery.sockets
    await sockets.disconnect(reason)
    await stage.until(lambda: any(not connection.leaving for connection in sockets.connections))
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))


@pytest.mark.parametrize(
    ("breaks", "mends", "code", "sentence"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "(OOM)", "is full"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "(READONLY)", "is read-only"),
    ],
)
async def test_a_redis_that_refuses_writes(
    stage: Stage, redis_url: str, breaks: tuple[str, ...], mends: tuple[str, ...], code: str, sentence: str
) -> None:
    """The reason is in the log once, in /readyz and in the answer to a person, until a write works again."""
    bot = await stage.start_bot({"REDIS_URL": redis_url, **SHORT})
    with Redis.from_url(redis_url) as admin:
        admin.execute_command(*breaks)
        try:
            await stage.slash("run nightly")
            await stage.until(stage.told_privately(f"database (Redis) {sentence}"))
            status, text = await readiness(bot.port)
            assert (status, text.startswith("redis refuses requests: ")) == (503, True)
            assert code in text
            # On a busy machine, a call that takes too long may be an outage of its own.
            assert lines(stage, "away", "redis", code) == 1, bot.printed()
        finally:
            admin.execute_command(*mends)
    await stage.until_ready(bot)
    await stage.slash("run hourly")
    await stage.until(stage.card_says("is running"))
    assert lines(stage, "away", "redis", code) == 1, bot.printed()
    assert lines(stage, "a service is back", "redis") == lines(stage, "a service is away", "redis")


async def test_slack_is_away_in_socket_mode(stage: Stage) -> None:
    """The log has one line when Slack's outage begins and one when it ends; the gauge and /readyz agree with it."""
    # With the default timeout for calls, because on a busy machine a short one would cause outages of its own.
    bot = await stage.start_bot()
    stage.sandbox.workspace.faults.away = True
    stage.sandbox.slack.delivery.sockets.drop()
    _, text = await eventually("/readyz to fall", lambda: readiness(bot.port), lambda told: told[0] == 503)
    assert text.startswith("slack doesn't answer: ")
    assert await gauge(bot.port, "slack") == 0
    assert lines(stage, "a service is away", "slack") == 1
    stage.sandbox.workspace.faults.away = False
    await stage.until_ready(bot)
    assert await gauge(bot.port, "slack") == 1
    printed = bot.printed()
    assert lines(stage, "a service is away", "slack") == lines(stage, "a service is back", "slack") == 1
    assert "Failed to" not in printed
    assert "slack_sdk" not in printed
    assert "will be" not in printed
