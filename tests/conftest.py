"""What every test may use: an emptied environment, and a real Redis of each kind."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from bot.sandbox.server import Sandbox
from bot.store.connect import connect
from bot.store.embedded import Embedded, find_server, identify

OURS = ("BOLT_BOT_", "PARADIME_", "SLACK_", "REDIS_")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")

# The same examples each time, and as long as they take: a test fails for the code, not for the machine or the draw.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Others each time, and more of them, for whoever looks for what nobody has thought of: HYPOTHESIS_PROFILE=explore.
settings.register_profile(
    "explore", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady" if os.environ.get("CI") else os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def emptied_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting and no proxy of this machine reaches a test: slack_sdk would use a proxy for loopback too."""
    for name in list(os.environ):
        if name.startswith(OURS) or name.upper() in PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", params=["embedded", "redis-server"])
def redis_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server: the embedded one, and the `redis-server` of this machine where it has one."""
    server = find_server()
    if request.param == "redis-server":
        path = shutil.which("redis-server")
        found = identify(Path(path)) if path else None
        if found is None:
            pytest.skip("there is no redis-server on PATH")
        server = found
    # Not pytest's own directory, whose path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="bolt-bot-tests-") as directory:
        embedded = Embedded(Path(directory), server)
        url = asyncio.run(embedded.start())
        yield url
        asyncio.run(embedded.stop())


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty Redis."""
    with BlockingRedis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Redis, as the bot connects."""
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Slack without rate limits, and a local Bolt API."""
    made = Sandbox()
    made.workspace.rates.enabled = False
    await made.start()
    yield made
    await made.stop()
