"""Redis is restored from a backup, which lacks everything done since then."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from pathlib import Path

import pytest

from bot.store.connect import connect
from bot.store.embedded import EmbeddedRedis
from tests.e2e.elsewhere import SLUG, add_schedule
from tests.e2e.stage import Stage
from tests.e2e.test_queue import queued
from tests.waiting import eventually

FIVE_MINUTES_US = 300_000_000


async def restore(data: Path, backup: Path) -> None:
    """Replace the data with a backup, as if it were five minutes old."""
    # The killed bot's server removes its socket's path when it ends: wait, or it would remove the new server's.
    with (data / "redis" / "lock").open("a") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
    shutil.rmtree(data)
    shutil.copytree(backup, data, ignore=shutil.ignore_patterns("*.sock"))
    redis = EmbeddedRedis(data)
    client = connect(await redis.start())
    pulse = "{bolt:bolt}:pulse"
    await client.hincrby(pulse, "at_us", -FIVE_MINUTES_US)
    await client.aclose()
    await redis.stop()


@pytest.mark.usefixtures("embedded")
async def test_a_restored_backup_neither_tells_an_end_nor_sends_a_start_again(stage: Stage) -> None:
    """A run that ended between the backup and its restore is neither announced again nor started again."""
    add_schedule(stage)
    bot = await stage.start_bot()
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    await queued(stage, user="grace")
    data, backup = stage.folder / "data", stage.folder / "backup"
    shutil.copytree(data, backup, ignore=shutil.ignore_patterns("*.sock"))
    (first,) = stage.started()
    stage.sandbox.bolt.end(first.id, "FAILED")
    await stage.until(lambda: len(stage.replies(card=0)) == 2)
    await stage.until(lambda: len(stage.started()) == 2)
    stage.sandbox.bolt.end(stage.started()[1].id, "SUCCESS")
    await stage.until(lambda: len(stage.replies(card=1)) == 1 and "succeeded" in stage.cards()[1].text)
    bot.kill()
    await bot.ended()

    await restore(data, backup)
    bot = await stage.start_bot()
    await eventually("the queued start to be found", bot.printed, lambda said: "but its card shows a run" in said)
    # The post about this failure comes after anything that would have been posted again.
    await stage.slash("run hourly")
    await stage.until(lambda: len(stage.cards()) == 3 and len(stage.replies()) == 2)
    assert [run.slug for run in stage.started()] == [SLUG, SLUG, "hourly"]
    assert [len(stage.replies(card=card)) for card in (0, 1)] == [2, 1]
    assert "failed" in stage.cards()[0].text
    assert "succeeded" in stage.cards()[1].text
    assert "[error" not in bot.printed()
