"""A stage for each test: a new, faster sandbox, an empty Redis, and a data folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from bolt_sandbox.bolt import BoltWorld
from tests.e2e.stage import Stage
from tests.worlds import new_sandbox

SPEED = 10.0
# How much of a bot's log a failed test shows.
SHOWN_LINES = 100


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last lines of the bots' logs with a failed test: its folder is gone by the time anyone looks."""
    report = yield
    stage = getattr(item, "funcargs", {}).get("stage")
    if report.failed and isinstance(stage, Stage):
        report.sections.extend(
            (f"Log of bot {at}", "\n".join(bot.printed().splitlines()[-SHOWN_LINES:]))
            for at, bot in enumerate(stage.bots)
        )
    return report


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
    """The same stage, but its bots start a Redis in the stage's folder, for tests of that Redis or of its data."""
    stage.redis_url = None
    return stage
