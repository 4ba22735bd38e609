"""Fixtures for every test: an empty environment, and a real Redis of each kind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bot.store.connect import connect
from bot.store.embedded import EmbeddedRedis, find_server, identify_server
from tests.order import deal
from tests.worlds import new_sandbox

# Collecting tests makes many objects that are never freed, so the garbage collector would take a third of the time.
gc.disable()

OURS = ("BOLT_BOT_", "PARADIME_", "SLACK_", "REDIS_")
NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")

# The same examples each time, however long they take, so that a test fails because of the code, and not because of the
# machine or by chance.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Different examples each time, and more of them, to find unexpected problems: HYPOTHESIS_PROFILE=explore.
settings.register_profile(
    "explore", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady" if os.environ.get("CI") else os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def emptied_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's settings, proxies and certificates from the tests."""
    for name in list(os.environ):
        if name.startswith(OURS) or name.upper() in NETWORK:
            monkeypatch.delenv(name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the tests to the processes so that each of them both waits and computes. See `tests.order`."""
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = deal(items, processes, lambda item: item.nodeid.partition("::")[0])


def pytest_collection_finish() -> None:
    """Exempt all objects so far from garbage collection, and turn it on for later ones."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def redis_servers() -> Iterator[dict[str, str]]:
    """The addresses of an embedded server and of this machine's `redis-server`, if it has one; both serve all tests."""
    path = shutil.which("redis-server")
    found = {"embedded": find_server(), "redis-server": identify_server(Path(path)) if path else None}
    with contextlib.ExitStack() as stack:
        urls = {}
        for kind, server in found.items():
            if server is not None:
                # Not pytest's own directory, whose path is too long for a socket.
                directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bolt-bot-tests-"))
                embedded = EmbeddedRedis(Path(directory), server)
                urls[kind] = asyncio.run(embedded.start())
                stack.callback(_stop, embedded)
        yield urls


def _stop(embedded: EmbeddedRedis) -> None:
    asyncio.run(embedded.stop())


@pytest.fixture(params=["embedded", "redis-server"])
def redis_url(request: pytest.FixtureRequest, redis_servers: dict[str, str]) -> str:
    """The address of an empty Redis, for each kind of Redis in turn."""
    if request.param not in redis_servers:
        pytest.skip("there is no redis-server on PATH")
    return _emptied(redis_servers[request.param])


@pytest.fixture
def embedded_redis_url(redis_servers: dict[str, str]) -> str:
    """The address of an empty embedded Redis, for tests that aren't about Redis."""
    return _emptied(redis_servers["embedded"])


def _emptied(url: str) -> str:
    with BlockingRedis.from_url(url) as client:
        client.flushall()
    return url


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Redis, connected as the bot does."""
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Slack without rate limits, and a local Bolt API."""
    made = new_sandbox()
    made.workspace.rates.enabled = False
    await made.start()
    yield made
    await made.stop()
