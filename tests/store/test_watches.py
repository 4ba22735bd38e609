"""Watches in Redis: numbered per channel, limited, and cached until one changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.core.model.audit_entry import AuditEntry, Event
from bot.core.model.watch import WATCHES_MOST, WATCHES_MOST_IN_CHANNEL, Quiet, SlowAfter, Watch
from bot.store.audit_stream import Audit
from bot.store.scripts import Scripts
from bot.store.watches import Watches

NIGHTLY = Watch("C1", 0, "T", "nightly", datetime(2026, 11, 23, 14, 20, tzinfo=UTC), "U1")
EVERY_OPTION = replace(
    NIGHTLY,
    pattern="fin*",
    only="all",
    owner="ada",
    branch="*",
    pull_requests=True,
    mention="none",
    late_s=1800.0,
    slow=SlowAfter(factor=2.0),
    quiet=Quiet("22:00", "07:00"),
    time_zone="Europe/Berlin",
    paused="shared",
)


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


@pytest.fixture
def watches(scripts: Scripts) -> Watches:
    """The watches of that deployment."""
    return Watches(scripts)


def other(number: int, channel: str = "C1") -> Watch:
    """A watch of another schedule."""
    return replace(NIGHTLY, channel=channel, pattern=f"s{number}")


async def added(watches: Watches, watch: Watch = NIGHTLY) -> Watch:
    """A stored watch, with its number."""
    stored = (await watches.add_watch(watch)).watch
    assert stored is not None
    return stored


async def is_discovered(scripts: Scripts) -> bool:
    """Whether discovery is due."""
    return await scripts.redis.zscore(scripts.key("due", "discovery"), "schedules") is not None


async def test_a_watch_is_stored_with_all_options(watches: Watches) -> None:
    """A stored watch is as it was given, except for its number."""
    assert await watches.all_watches() == ()
    first, second = await added(watches), await added(watches, EVERY_OPTION)
    assert (first.number, second.number) == (1, 2)
    assert await watches.all_watches() == (first, second)
    assert second == replace(EVERY_OPTION, number=2)


async def test_numbers_are_never_reused(watches: Watches) -> None:
    """Each channel has numbers of its own, and its count continues after its last watch is gone."""
    assert [(await added(watches, other(number))).number for number in range(2)] == [1, 2]
    assert (await added(watches, replace(NIGHTLY, channel="C2"))).number == 1
    assert await watches.remove_watch("C1", 2)
    assert await watches.remove_watch("C1", 1)
    assert (await added(watches)).number == 3


async def test_a_watch_is_changed_until_it_is_removed(watches: Watches) -> None:
    """A change doesn't bring back what somebody else has removed."""
    watch = await added(watches)
    assert await watches.change_watch(replace(watch, only="ends"))
    assert [one.only for one in await watches.all_watches()] == ["ends"]
    assert await watches.remove_watch("C1", 1)
    assert not await watches.remove_watch("C1", 1)
    assert not await watches.change_watch(watch)
    assert await watches.all_watches() == ()


async def test_another_process_sees_each_change(watches: Watches, scripts: Scripts) -> None:
    """Another process reads the watches again after a change, and only then."""
    elsewhere = Watches(scripts)
    watch = await added(watches)
    kept = await elsewhere.all_watches()
    assert kept == (watch,)
    assert await elsewhere.all_watches() is kept
    await watches.change_watch(replace(watch, mention="none"))
    assert [one.mention for one in await elsewhere.all_watches()] == ["none"]
    await scripts.redis.flushdb()
    assert await elsewhere.all_watches() == ()
    again = await added(watches, EVERY_OPTION)
    assert await elsewhere.all_watches() == (again,)


@pytest.mark.parametrize(
    ("watch", "word"),
    [
        (replace(NIGHTLY, made_by="U2", mention="none"), "same"),
        (replace(NIGHTLY, pattern="NIGHTLY"), "same"),
        (replace(NIGHTLY, channel="C2"), "ok"),
        (replace(NIGHTLY, pattern="night*"), "ok"),
        (replace(NIGHTLY, owner="ada"), "ok"),
        (replace(NIGHTLY, branch="dev"), "ok"),
    ],
)
async def test_a_channel_watches_the_same_once(watches: Watches, watch: Watch, word: str) -> None:
    """Two watches are the same if they have the same schedules, owner and branch."""
    await added(watches)
    assert (await watches.add_watch(watch)).word == word
    assert len(await watches.all_watches()) == (1 if word == "same" else 2)


async def test_what_becomes_of_a_watch_is_recorded_in_the_same_step(watches: Watches, scripts: Scripts) -> None:
    """The audit log has the watch's number, and no entry if nothing changes."""
    entry = AuditEntry(Event.WATCHED, user="U1", schedule="nightly", text='watch "nightly"')
    watch = (await watches.add_watch(NIGHTLY, entry)).watch
    assert watch is not None
    assert (await watches.add_watch(NIGHTLY, entry)).word == "same"
    changed, stopped = replace(entry, event=Event.WATCH_CHANGED), replace(entry, event=Event.UNWATCHED)
    await watches.change_watch(watch, changed)
    for _ in range(2):
        await watches.remove_watch("C1", 1, stopped)
    assert not await watches.change_watch(watch, changed)
    recorded = [replace(one, at=None) async for one in Audit(scripts, most=10, days=1).oldest()]
    assert recorded == [replace(one, outcome="watch 1") for one in (entry, changed, stopped)]


async def test_a_channel_has_a_bound(watches: Watches) -> None:
    """One more watch is refused there and accepted elsewhere; removing one makes room for another."""
    for number in range(WATCHES_MOST_IN_CHANNEL):
        await added(watches, other(number))
    refused = await watches.add_watch(NIGHTLY)
    assert (refused.word, refused.watch) == ("channel_full", None)
    assert (await added(watches, replace(NIGHTLY, channel="C2"))).number == 1
    await watches.remove_watch("C1", 7)
    assert (await added(watches)).number == WATCHES_MOST_IN_CHANNEL + 1


async def test_all_channels_together_have_a_bound(watches: Watches, scripts: Scripts) -> None:
    """The total limit applies even to a channel without any watches."""
    await scripts.redis.hset(scripts.key("standing"), mapping={f"X{number}:1": "{}" for number in range(WATCHES_MOST)})
    assert (await watches.add_watch(NIGHTLY)).word == "full"


async def test_discovery_runs_while_there_is_a_watch(watches: Watches, scripts: Scripts) -> None:
    """Discovery is due at once with the first watch, and a second watch doesn't change that time."""
    await added(watches)
    due = scripts.key("due", "discovery")
    assert await is_discovered(scripts)
    await scripts.redis.zadd(due, {"schedules": 5})
    await added(watches, other(2))
    assert await scripts.redis.zscore(due, "schedules") == 5
    await watches.remove_watch("C1", 1)
    assert await is_discovered(scripts)
    await watches.remove_watch("C1", 2)
    assert not await is_discovered(scripts)
