"""A stage for each test: a fresh sandbox, hastened, an empty Redis, and a data folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bolt_sandbox.bolt import BoltWorld
from tests.e2e.stage import Stage
from tests.worlds import new_sandbox

SPEED = 10.0


@pytest.fixture
async def stage(tmp_path: Path, embedded_redis_url: str) -> AsyncIterator[Stage]:
    """A sandbox whose runs go ten times as fast, without a bot yet."""
    sandbox = new_sandbox(bolt=BoltWorld(speed=SPEED))
    await sandbox.start()
    stage = Stage(sandbox, tmp_path, redis_url=embedded_redis_url)
    yield stage
    await stage.close()


@pytest.fixture
def embedded(stage: Stage) -> Stage:
    """The same stage, but its bots start a Redis of their own, in the stage's folder: for tests of that, or of its data."""
    stage.redis_url = None
    return stage
