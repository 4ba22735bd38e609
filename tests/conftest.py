"""What every test may use: an emptied environment, and a real Redis of each kind."""

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

# Collecting makes a great many objects, of which none goes: to look through them again and again takes a third of the time.
gc.disable()

OURS = ("BOLT_BOT_", "PARADIME_", "SLACK_", "REDIS_")
NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")

# The same examples each time, and as long as they take: a test fails for the code, not for the machine or the draw.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Others each time, and more of them, for whoever looks for what nobody has thought of: HYPOTHESIS_PROFILE=explore.
settings.register_profile(
    "explore", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady" if os.environ.get("CI") else os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def emptied_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, no proxy and no certificate of this machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(OURS) or name.upper() in NETWORK:
            monkeypatch.delenv(name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the tests to the processes so that each waits and computes at the same time. See `tests.order`."""
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = deal(items, processes, lambda item: item.nodeid.partition("::")[0])


def pytest_collection_finish() -> None:
    """From here on what was collected stays, and the rest is cleared up as always."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def redis_servers() -> Iterator[dict[str, str]]:
    """The addresses of the embedded server and, if this machine has one, its `redis-server`; both serve all tests."""
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
    """The address of an empty Redis, of each kind in turn."""
    if request.param not in redis_servers:
        pytest.skip("there is no redis-server on PATH")
    return _emptied(redis_servers[request.param])


@pytest.fixture
def embedded_redis_url(redis_servers: dict[str, str]) -> str:
    """The address of an empty Redis, of the embedded kind only: for tests of something else."""
    return _emptied(redis_servers["embedded"])


def _emptied(url: str) -> str:
    with BlockingRedis.from_url(url) as client:
        client.flushall()
    return url


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Redis, as the bot connects."""
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
