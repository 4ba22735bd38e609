"""This version and the last release can use each other's data, and both work side by side."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from redis import Redis

from bolt_sandbox.bolt import BoltWorld
from tests.e2e.conftest import SPEED
from tests.e2e.elsewhere import SLUG, add_schedule
from tests.e2e.stage import Bot, Stage
from tests.upgrade.releases import unpack
from tests.upgrade.scene import errors, go_on, prepare
from tests.upgrade.snapshot import READERS, SNAPSHOT, WRITERS, Snapshot, mover
from tests.worlds import new_sandbox


@pytest.fixture(scope="session")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last release."""
    folder = tmp_path_factory.mktemp("last-release")
    why = unpack(folder)
    if why:
        pytest.skip(f"The last release can't be run here: {why}.")
    return folder


async def test_the_data_of_the_last_release_is_gone_on_with(tmp_path: Path, redis_url: str) -> None:
    """This version continues with the last release's data: each end is announced once, and no error is logged."""
    sandbox = new_sandbox(bolt=BoltWorld(speed=SPEED))
    await sandbox.start()
    stage = Stage(sandbox, tmp_path, redis_url=redis_url)
    try:
        settings = prepare(stage)
        Snapshot.read(SNAPSHOT).load(stage)
        bot = await stage.start_bot(settings)
        await go_on(stage)
        assert errors(bot.log) == []
    finally:
        await stage.close()


async def test_the_last_release_goes_on_with_the_data_of_this_version(stage: Stage, last_release: Path) -> None:
    """After a downgrade, the last release announces an active run's end once, and works without an error."""
    bot = await _with_an_active_run(stage)
    bot.kill()
    await bot.ended()
    stage.forks, stage.root = False, last_release
    older = await stage.start_bot()
    await _ends_once(stage)
    assert errors(older.log) == []


async def test_both_versions_work_side_by_side(stage: Stage, last_release: Path) -> None:
    """Both versions work on one Redis and one Slack, as during a rolling update."""
    bot = await _with_an_active_run(stage)
    stage.forks, stage.root = False, last_release
    older = await stage.start_bot()
    await _ends_once(stage)
    assert errors(older.log) + errors(bot.log) == []


async def _with_an_active_run(stage: Stage) -> Bot:
    add_schedule(stage)
    bot = await stage.start_bot()
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    return bot


async def _ends_once(stage: Stage) -> None:
    run = next(run for run in stage.started() if run.slug == SLUG)
    stage.sandbox.bolt.end(run.id, "FAILED")
    await stage.until(lambda: len(stage.replies(card=0)) == 2 and "failed" in stage.cards()[0].text)
    await stage.slash("run hourly")
    await stage.until(lambda: len(stage.cards()) == 2 and len(stage.replies()) == 2)
    assert len(stage.replies(card=0)) == 2
    assert sum(bool(reply.files) for reply in stage.replies(card=0)) == 1


def test_times_of_a_snapshot_are_moved_and_nothing_else() -> None:
    """Moving a snapshot's times leaves messages' timestamps and ids alone."""
    move = mover(1_000_000)
    moved = move('{"asked_us": "1796031683046822", "ts": "1796031683.037985", "run": 81257, "x1796031683046822": 1}')
    assert moved == '{"asked_us": "1796031684046822", "ts": "1796031683.037985", "run": 81257, "x1796031684046822": 1}'


def test_the_snapshot_has_one_of_everything() -> None:
    """The snapshot has keys of every kind, and is small."""
    with gzip.open(SNAPSHOT, "rt") as file:
        keys = json.load(file)["keys"]
    kinds = {name.partition("}:")[2].partition(":")[0] for name in keys}
    assert {"run", "req", "card", "line", "standing", "incident", "outage", "report", "follow", "audit"} <= kinds
    assert SNAPSHOT.stat().st_size < 100_000


def test_a_snapshot_comes_out_as_it_went_in(embedded_redis_url: str) -> None:
    """A snapshot restores every type of key."""
    with Redis.from_url(embedded_redis_url, decode_responses=True) as redis:
        redis.set("a", "1")
        redis.zadd("b", {"x": 1796031683046822.0, "y": 0.5})
        redis.xadd("c", {"event": "asked"}, id="5-1")
        redis.sadd("d", "x", "y")
        redis.hset("e", mapping={"f": "1"})
        redis.rpush("f", "x", "y")
        before = {name: READERS[str(redis.type(name))](redis, name) for name in "abcdef"}
        kinds = {name: str(redis.type(name)) for name in "abcdef"}
        redis.flushall()
        for name, content in before.items():
            WRITERS[kinds[name]](redis, name, json.loads(json.dumps(content)))
        assert {name: READERS[kinds[name]](redis, name) for name in "abcdef"} == before
