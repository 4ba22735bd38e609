"""Indexes: active and failed runs by person and by channel, and the schedules that a person runs most."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.core.model.asker import Asker
from bot.core.model.errors import StoreUnavailable
from bot.core.model.run import CardRef, Observation, RunFacts, RunKey
from bot.core.model.run_index import IndexedRun
from bot.store.connect import close, connect
from bot.store.run_indexes import RunIndexes
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import NOW, follow_run
from tests.store.servers import Servers
from tests.store.servers import redis_server as installed
from tests.store.test_lanes import end_run, observe
from tests.waiting import PATIENCE_S, eventually

DAY_US = 86_400_000_000
KINDS = ("active", "failed", "habits", "recent")


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


def ids(runs: tuple[IndexedRun, ...]) -> list[int]:
    """The numbers of the runs."""
    return [one.run.id for one in runs]


async def active(scripts: Scripts, channel: str = "A") -> list[int]:
    """The runs that are active in a channel, newest first."""
    return ids((await RunIndexes(scripts).active_in([channel], most=100)).runs)


async def mine(scripts: Scripts, user: str = "U1") -> list[int]:
    """The active runs of a person, newest first."""
    return ids((await RunIndexes(scripts).active_of(user, most=100)).runs)


async def failed(scripts: Scripts, user: str = "U1", *channels: str) -> list[int]:
    """The failed runs of a person and of channels, newest first."""
    return ids((await RunIndexes(scripts).failed(user, channels, most=100)).runs)


async def indexed(scripts: Scripts) -> list[str]:
    """The keys of all indexes."""
    return [str(key) for kind in KINDS for key in await scripts.redis.keys(scripts.key(kind, "*"))]


async def test_a_run_is_active_from_its_start_to_its_end(scripts: Scripts) -> None:
    """An active run is listed in its channel and for its asker, and nowhere else."""
    await follow_run(scripts, 7)
    await follow_run(scripts, 8, user="U2")
    assert (await active(scripts), await mine(scripts), await mine(scripts, "U2")) == ([8, 7], [7], [8])
    assert await active(scripts, "B") == []
    await observe(scripts, 7, "RUNNING")
    assert await active(scripts) == [8, 7]
    await end_run(scripts, 7, "SUCCESS")
    assert (await active(scripts), await mine(scripts), await failed(scripts, "U1", "A")) == ([8], [], [])


async def test_a_failure_is_told_to_its_asker_and_its_channel(scripts: Scripts) -> None:
    """The newest comes first, and each is listed once."""
    for number in (7, 8):
        await follow_run(scripts, number)
        await end_run(scripts, number, "FAILED")
    assert await failed(scripts) == [8, 7]
    assert await failed(scripts, "U2", "A") == [8, 7]
    assert await failed(scripts, "U1", "A") == [8, 7]
    assert await failed(scripts, "U2", "B") == []


async def test_a_run_comes_with_all_that_a_list_shows(scripts: Scripts) -> None:
    """A listed run comes with its facts, its state, and its card in that channel."""
    await follow_run(scripts, 7, ts="7.25")
    await observe(scripts, 7, "RUNNING", commands=2)
    (found,) = (await RunIndexes(scripts).active_in(["A"], most=1)).runs
    assert (found.run.title, found.run.seen.state, len(found.run.seen.commands)) == ("S 7", "RUNNING", 2)
    assert found.run.facts.asked_by == "U1"
    assert found.card is not None
    assert (found.card.channel, found.card.ts) == ("A", "7.25")


async def test_pages(scripts: Scripts) -> None:
    """Each page has the total number; one person's runs can be left out."""
    for number in range(1, 6):
        await follow_run(scripts, number, channel="AB"[number % 2], user=f"U{number % 2}")
    page = await RunIndexes(scripts).active_in(["A", "B"], skip=1, most=2)
    assert (page.total, ids(page.runs)) == (5, [4, 3])
    page = await RunIndexes(scripts).active_in(["A", "B"], most=9, without="U0")
    assert (page.total, ids(page.runs)) == (3, [5, 3, 1])
    assert (await RunIndexes(scripts).active_in([], most=9)).total == 0


async def test_of_very_many_lists_the_newest_runs_are_found(scripts: Scripts) -> None:
    """The newest runs are found in whichever lists they are, and no more runs are read than necessary."""
    redis, channels = scripts.redis, [f"C{number}" for number in range(400)]
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(1, 1201):
            pipe.hset(scripts.key("run", f"w:{number}"), mapping={"rev": "1", "facts": "{}", "seen": "{}"})
            place = (number * 37) % 400 if number <= 1000 else 399
            pipe.zadd(scripts.key("active", f"channel:C{place}"), {f"w:{number}": number})
        await pipe.execute()
    page = await RunIndexes(scripts).active_in(channels, skip=5, most=20)
    assert ids(page.runs) == list(range(1195, 1175, -1))
    assert page.total == 150


async def test_a_run_that_is_over_and_not_concluded_is_not_shown_as_active(scripts: Scripts) -> None:
    """The run's end is still being read; the run leaves the lists when it's concluded."""
    await follow_run(scripts, 7)
    await observe(scripts, 7, "FAILED")
    assert await active(scripts) == []
    assert await scripts.redis.zcard(scripts.key("active", "channel:A")) == 1


@pytest.mark.parametrize("left", ["gone", "concluded"])
async def test_what_another_version_left_behind_is_cleaned_up(scripts: Scripts, left: str) -> None:
    """Another version ended the run without knowing the lists, or the run's record has expired."""
    await follow_run(scripts, 7)
    record = scripts.key("run", "w:7")
    if left == "gone":
        await scripts.redis.delete(record)
    else:
        await scripts.redis.hset(record, mapping={"final": "1", "concluded": "1"})
    assert (await active(scripts), await mine(scripts)) == ([], [])
    assert await indexed(scripts) == [key for key in await indexed(scripts) if "active" not in key]


async def test_a_run_that_another_version_made_is_in_no_list_until_it_fails(scripts: Scripts) -> None:
    """The run's record is read when the run ends, so it's listed as a failure."""
    await follow_run(scripts, 7)
    await scripts.redis.delete(scripts.key("active", "channel:A"), scripts.key("active", "user:U1"))
    assert await active(scripts) == []
    await end_run(scripts, 7, "FAILED")
    assert await failed(scripts, "U1") == [7]
    assert await failed(scripts, "U2", "A") == [7]


@pytest.mark.parametrize("facts", ["", "{", "[]", '{"asked_by": 7}', '{"asked_by": {}, "x": null}'])
async def test_facts_that_cannot_be_read_stop_nothing(scripts: Scripts, facts: str) -> None:
    """The run is still concluded."""
    await follow_run(scripts, 7)
    await scripts.redis.hset(scripts.key("run", "w:7"), "facts", facts if facts != "" else "{}")
    with contextlib.suppress(ValueError):
        await observe(scripts, 7, "FAILED")
    assert await scripts.run("conclude_run", "w:7", await _token(scripts), "{}", "fail", 0) == "ok"
    assert "w:7" in await scripts.redis.zrange(scripts.key("failed", "channel:A"), 0, -1)


async def _token(scripts: Scripts) -> int:
    return int(await scripts.redis.zscore(scripts.key("due", "ends"), "w:7") or 0)


async def test_no_list_grows_and_each_expires(scripts: Scripts) -> None:
    """At most 500 active runs, 20 failures and 50 schedules are kept, for 30, 7 and 90 days after the last new one."""
    for name, list_name in (("active", "user:U1"), ("active", "channel:A"), ("failed", "channel:A")):
        await scripts.redis.zadd(scripts.key(name, list_name), {f"w:{number}": 10**16 for number in range(1000, 1600)})
    await follow_run(scripts, 7)
    await scripts.redis.zadd(scripts.key("habits", "U1"), {f"old-{number}": number for number in range(60)})
    await scripts.redis.hset(
        scripts.key("habits", "U1", "places"), mapping={f"old-{number}": "A:x" for number in range(60)}
    )
    await follow_run(scripts, 8)
    await end_run(scripts, 8, "FAILED")
    sizes = {
        key.rpartition("}:")[2]: await (scripts.redis.hlen if key.endswith(":places") else scripts.redis.zcard)(key)
        for key in await indexed(scripts)
    }
    assert sizes["failed:user:U1"] == 1
    assert sizes["failed:channel:A"] == 20
    assert sizes["active:user:U1"] <= 500
    assert sizes["active:channel:A"] <= 500
    assert sizes["habits:U1"] == sizes["habits:U1:places"] == 50
    days = {
        key.rpartition("}:")[2].partition(":")[0]: await scripts.redis.ttl(key) / 86_400
        for key in await indexed(scripts)
    }
    assert {kind: round(left) for kind, left in days.items()} == {"active": 30, "failed": 7, "habits": 90, "recent": 7}


async def test_what_is_older_than_a_week_is_no_recent_failure(scripts: Scripts) -> None:
    """A failure older than a week isn't listed, and is dropped when the next failure comes."""
    await follow_run(scripts, 7)
    await end_run(scripts, 7, "FAILED")
    seconds, _ = await scripts.redis.time()
    old = int(seconds) * 1_000_000 - 8 * DAY_US
    await scripts.redis.zadd(scripts.key("failed", "user:U1"), {"w:7": old})
    assert await failed(scripts) == []
    await follow_run(scripts, 8)
    await end_run(scripts, 8, "FAILED")
    assert await scripts.redis.zrange(scripts.key("failed", "user:U1"), 0, -1) == ["w:8"]


async def test_the_schedules_that_a_person_runs_most(scripts: Scripts) -> None:
    """A person's schedules are sorted by how often and how recently they ran, with the channel of the last run."""
    indexes = RunIndexes(scripts)
    assert (await indexes.habits("U1", most=5)).total == 0
    await follow_run(scripts, 7)
    await follow_run(scripts, 8, channel="B")
    await scripts.redis.zincrby(scripts.key("habits", "U1"), 1e6, "s7")
    found = await indexes.habits("U1", most=5)
    assert [(one.slug, one.name, one.channel) for one in found.schedules] == [("s7", "S 7", "A"), ("s8", "S 8", "B")]
    page = await indexes.habits("U1", skip=1, most=5)
    assert (page.total, [one.slug for one in page.schedules]) == (2, ["s8"])
    assert (await indexes.habits("U2", most=5)).total == 0


async def test_a_run_counts_half_after_thirty_days(scripts: Scripts) -> None:
    """One run today outweighs three runs two months ago."""
    await follow_run(scripts, 7)
    counts = scripts.key("habits", "U1")
    today = float(await scripts.redis.zscore(counts, "s7") or 0)
    await scripts.redis.zadd(counts, {"s0": 3 * today / 4})
    assert [one.slug for one in (await RunIndexes(scripts).habits("U1", most=5)).schedules] == ["s7", "s0"]
    seconds, _ = await scripts.redis.time()
    assert today == pytest.approx(2 ** ((int(seconds) - 1_767_225_600) / (30 * 86_400)), rel=1e-3)


async def test_a_run_that_a_lost_records_button_brings_back_is_listed(scripts: Scripts) -> None:
    """Like the record itself, the card's channel and the asker come from the button."""
    facts = RunFacts(slug="s9", name="S 9", asked_by="U1")
    asker, card = Asker("T", "U2", "A"), CardRef("A", "9.5")
    await Runs(scripts).record_wish(RunKey("w", 9), asker, NOW, facts, Observation("RUNNING"), card)
    assert (await active(scripts), await mine(scripts)) == ([9], [9])


async def test_an_old_run_that_is_brought_back_is_in_no_list(scripts: Scripts) -> None:
    """The run is over, even if no poll has seen that yet, and its failure isn't recent."""
    facts = RunFacts(slug="s9", name="S 9", asked_by="U1")
    await Runs(scripts).restore_run(RunKey("w", 9), facts, Observation("FAILED"), "T", CardRef("A", "9.5"), over=True)
    assert (await active(scripts), await mine(scripts)) == ([], [])
    await end_run(scripts, 9, "FAILED")
    assert await failed(scripts, "U1", "A") == []


async def test_a_failure_before_its_start_is_known_is_told_to_its_asker_and_channel(scripts: Scripts) -> None:
    """Until then only the run's number was known."""
    await Runs(scripts).record_wish(
        RunKey("w", 7), Asker("T", "U2", "B"), NOW, RunFacts(), Observation("RUNNING"), None
    )
    await end_run(scripts, 7, "FAILED")
    assert await failed(scripts, "U1", "A") == []
    await follow_run(scripts, 7)
    assert await failed(scripts, "U1") == [7]
    assert await failed(scripts, "U2", "A") == [7]
    assert await active(scripts) == []


@pytest.mark.skipif(installed() is None, reason="there is no redis-server on PATH")
async def test_lists_agree_with_their_runs_whenever_redis_is_killed() -> None:
    """However often Redis is killed (kill -9) amid starts and ends, exactly the unfinished runs are listed."""
    servers = Servers()
    server = await servers.alone("appendonly yes", "appendfsync always")
    scripts = Scripts(connect(server.url, timeout_s=1), "test", retention_s=1000)
    numbers = itertools.count(1)
    try:
        # A person can't start more than thirty in ten seconds.
        for after, turns in ((4, 3), (9, 10), (14, 20)):
            begun = asyncio.Event()
            working = asyncio.create_task(_start_and_end(scripts, numbers, begun, after))
            await asyncio.wait_for(begun.wait(), PATIENCE_S)
            # Somewhere in the middle of a write, after this many turns of the event loop.
            for _ in range(turns):
                await asyncio.sleep(0)
            server.kill()
            with contextlib.suppress(StoreUnavailable, RedisError, AssertionError):
                await working
            await server.start()
            await eventually("the client to reach Redis again", lambda: _there(scripts))
            await _agree(scripts)
            # Members claimed before the kill are of no use in the next round.
            for due in ("requests", "ends"):
                await scripts.redis.delete(scripts.key("due", due))
            await scripts.redis.delete(scripts.key("posts", "start"), scripts.key("posts", "start", "A"))
    finally:
        await close(scripts.redis)
        servers.close()


async def _start_and_end(scripts: Scripts, numbers: itertools.count[int], begun: asyncio.Event, after: int) -> None:
    for number in numbers:
        if number > after:
            begun.set()
        await follow_run(scripts, number)
        if number % 3:
            await end_run(scripts, number, "FAILED" if number % 2 else "SUCCESS")


async def _there(scripts: Scripts) -> bool:
    try:
        return bool(await scripts.ask(scripts.redis.ping()))
    except StoreUnavailable:
        return False


async def _agree(scripts: Scripts) -> None:
    going, broken = set(), set()
    for key in map(str, await scripts.redis.keys(scripts.key("run", "w:*"))):
        if key.endswith(":cards"):
            continue
        record = await scripts.redis.hgetall(key)
        name = key.removeprefix(scripts.key("run") + ":")
        if record.get("concluded") != "1":
            going.add(name)
        elif record["state"] == "FAILED":
            broken.add(name)
    assert going or broken
    for place in ("user:U1", "channel:A"):
        assert set(await scripts.redis.zrange(scripts.key("active", place), 0, -1)) == going
        kept = set(await scripts.redis.zrange(scripts.key("failed", place), 0, -1))
        assert kept <= broken
        assert len(kept) == min(20, len(broken))


async def test_the_newest_run_of_a_channel_is_found_whatever_became_of_it(scripts: Scripts) -> None:
    """A channel's newest run is found even after its end; a channel without runs has none."""
    indexes = RunIndexes(scripts)
    assert (await indexes.newest_in("A")).runs == ()
    for number in (7, 8):
        await follow_run(scripts, number)
        await end_run(scripts, number, "SUCCESS")
    assert ids((await indexes.newest_in("A")).runs) == [8]
    assert (await indexes.newest_in("B")).runs == ()
