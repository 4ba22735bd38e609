"""A running bot keeps the scripts that it started with, and cancelling a call always reaches the caller."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import StoreUnavailable
from bot.store.scripts import SHARED, Scripts

ROOT = Path(__file__).parents[2]
UPGRADED = """
import asyncio, shutil, sys
from pathlib import Path
import bot
from bot.store.connect import connect
from bot.core.model.errors import StoreUnavailable
from bot.store.scripts import Scripts

async def main() -> None:
    redis = connect(sys.argv[1])
    scripts = Scripts(redis, "upgraded", retention_s=60)
    shutil.rmtree(Path(bot.__file__).parent / "store" / "scripts")
    print(await scripts.run("next_due", "polls"))
    await redis.aclose()

asyncio.run(main())
"""


def test_every_shared_file_is_part_of_the_scripts() -> None:
    """Each is included once, in a fixed order: a function can only use those before it."""
    stored = {path.stem for path in (ROOT / "bot" / "store" / "scripts" / "shared").iterdir()}
    assert sorted(SHARED) == sorted(stored)


def test_an_upgrade_of_the_files_does_not_reach_a_bot_that_runs(tmp_path: Path, embedded_redis_url: str) -> None:
    """A running bot keeps using its own scripts, because another version's script may need different arguments."""
    shutil.copytree(ROOT / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__", "charts"))
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", UPGRADED, embedded_redis_url],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "['']", done.stderr


async def swallows_its_cancellation() -> str:
    """Behave like redis-py before Python 3.12 if it's cancelled at the moment when the command is sent."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "a reply"
    raise AssertionError


async def test_whoever_is_cancelled_during_a_call_is_cancelled(redis_client: Redis) -> None:
    """The caller is cancelled even though the call has returned a reply."""
    scripts = Scripts(redis_client, "bolt", retention_s=60)
    calling = asyncio.create_task(scripts.ask(swallows_its_cancellation()))
    await asyncio.sleep(0)
    calling.cancel()
    await asyncio.wait({calling})
    assert calling.cancelled()


async def test_a_time_out_during_a_call_comes(redis_client: Redis) -> None:
    """A timeout is a cancellation too. Afterwards, calls work as before."""
    scripts = Scripts(redis_client, "bolt", retention_s=60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await scripts.ask(swallows_its_cancellation())
    assert await scripts.run("next_due", "polls") == [""]


@pytest.mark.parametrize(
    ("script", "args", "may_work"),
    [
        ("next_due", ("polls",), False),
        ("count_sockets", ("me", 2, 1_000_000), False),
        ("look_everywhere", (), True),
        # Here the call fails, but a failed call may also have created work before its reply was lost.
        ("finish_due", (), True),
    ],
)
async def test_the_lookout_hears_of_scripts_that_may_make_work(
    redis_client: Redis, script: str, args: tuple[str | int, ...], *, may_work: bool
) -> None:
    """The lookout looks only rarely until such a script has run."""
    scripts = Scripts(redis_client, "bolt", retention_s=60)
    with contextlib.suppress(StoreUnavailable):
        await scripts.run(script, *args)
    assert scripts.worked.is_set() is may_work
