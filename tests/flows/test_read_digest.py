"""The figures of a channel's digest: they count the schedules and branches that the channel watches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.discovery import Count, Looked, SettledSlots
from bot.core.model.errors import ApiError, BoltError, BoltOutcomeUnknown, BoltRejected
from bot.core.model.slots import Slots
from bot.core.text.message import Message
from tests.core.views.plain import said
from tests.flows.digest_stage import MONDAY, DigestStage
from tests.flows.stage import CHANNEL

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLOT = MONDAY + timedelta(minutes=5)


@pytest.fixture
def stage(one_redis: Redis) -> DigestStage:
    """A stage without any watches yet."""
    return DigestStage(one_redis)


async def read(stage: DigestStage, channel: str = CHANNEL, *, until: datetime | None = None) -> str:
    """The digest of the last day, in words."""
    end = until or stage.at + timedelta(hours=1)
    message = await stage.reader.read_digest(channel, None, end - timedelta(days=1), end)
    return said(message.text) if isinstance(message, Message) else ""


async def test_channels_see_what_they_watch(stage: DigestStage) -> None:
    """Only runs on the branch that a channel watches count."""
    await stage.watch("nightly")
    await stage.watch("*", "C2")
    await stage.watch("nightly", "C3", branch="dev")
    stage.run_through("SUCCESS")
    stage.run_through("SUCCESS", "hourly")
    stage.run_through("FAILED", branch="dev")
    await stage.discover()
    assert "1 run of 1 schedule, 100% succeeded" in await read(stage)
    assert "2 runs of 2 schedules, 100% succeeded" in await read(stage, "C2")
    assert "1 run of 1 schedule, 0% succeeded" in await read(stage, "C3")
    assert await read(stage, "C4") == ""
    assert await stage.reader.is_watching("C3")
    assert not await stage.reader.is_watching("C4")


async def test_a_schedule_that_slows_down_is_compared_with_the_weeks_before(stage: DigestStage) -> None:
    """Only successful runs are compared."""
    await stage.watch("nightly")
    for _ in range(5):
        stage.run_through("SUCCESS")
        await stage.discover()
    stage.at = stage.bolt.clock = MONDAY + timedelta(days=7)
    run = stage.begin()
    stage.pass_minutes(20)
    stage.end(run, "SUCCESS")
    await stage.discover()
    assert "Nightly full build: 21 min, usually 1 min" in await read(stage)
    assert "Slowing down" not in await read(stage, until=MONDAY + timedelta(hours=2))


# --- missed runs ---


@pytest.fixture
async def counted(stage: DigestStage) -> DigestStage:
    """A channel with a digest watches everything, without lateness. The nightly schedule is due at 7:05."""
    stage.gapless = False
    await stage.watch("*")
    await stage.type("digest daily 09:00 --tz UTC")
    await due_at(stage, SLOT)
    return stage


async def due_at(stage: DigestStage, at: datetime | None) -> None:
    """Bolt lists this time as the nightly schedule's next run."""
    stage.bolt.active = [replace(one, next_run_at=at) if one.slug == "nightly" else one for one in stage.bolt.active]
    await stage.discover()


async def until(stage: DigestStage, at: datetime, *, every: float = 5) -> None:
    """Time passes, with listings at intervals."""
    while stage.at < at:
        stage.pass_minutes(min(every, (at - stage.at).total_seconds() / 60))
        await stage.discover()


async def pass_slot(stage: DigestStage, slot: datetime, after: datetime | None) -> None:
    """A slot passes; Bolt lists another one after it."""
    await until(stage, slot)
    await due_at(stage, after)


async def test_a_slot_without_a_run_comes_first_in_the_digest_once_its_grace_is_over(counted: DigestStage) -> None:
    """The slot is listed even if lateness isn't reported at once. A run that starts late still counts for the slot."""
    await pass_slot(counted, SLOT, SLOT + DAY)
    await until(counted, SLOT + timedelta(minutes=29))
    assert "Missed runs" not in await read(counted)
    await until(counted, SLOT + timedelta(minutes=31))
    shown = await read(counted)
    assert "Missed runs\n• Nightly full build: 07:05\n" in f"{shown}\n"
    assert shown.index("Missed runs") < len(shown.splitlines()[0]) + 3
    assert counted.cards() == []
    counted.begin()
    await counted.discover()
    assert "Missed runs" not in await read(counted)
    assert await counts(counted) == {}


async def counts(stage: DigestStage) -> dict[str, int]:
    """The missed runs that were counted, by day and field."""
    days = await stage.tallies.load_days(["nightly"], ["2026-11-30", "2026-12-01"])
    return {
        f"{day} {field}": count
        for day, fields in days.get("nightly", {}).items()
        for field, count in fields.items()
        if field.startswith("s")
    }


async def test_a_slot_is_counted_once_the_next_one_has_passed(counted: DigestStage) -> None:
    """The slot counts for the digest that covers the end of its grace period."""
    await pass_slot(counted, SLOT, SLOT + HOUR)
    await pass_slot(counted, SLOT + HOUR, SLOT + 2 * HOUR)
    assert await counts(counted) == {"2026-11-30 s0735": 1}
    await until(counted, SLOT + HOUR + timedelta(minutes=31))
    assert "Nightly full build: 2, the latest at 08:05" in await read(counted)
    assert "Nightly full build: 07:05" in await read(counted, until=MONDAY + HOUR)
    counted.run_through("SUCCESS")
    await counted.discover()
    await pass_slot(counted, SLOT + 2 * HOUR, None)
    assert await counts(counted) == {"2026-11-30 s0735": 1}
    assert "Nightly full build: 07:05" in await read(counted)


async def test_a_run_in_time_leaves_no_trace(counted: DigestStage) -> None:
    """A run that begins on time changes no count, and takes no extra request."""
    await until(counted, SLOT)
    counted.begin()
    await due_at(counted, SLOT + HOUR)
    asked = len(counted.bolt.reads)
    assert await counted.notices.load_slots(["nightly"]) != {}
    assert (await counted.notices.load_slots(["nightly"]))["nightly"].slots == Slots((SLOT + HOUR).timestamp())
    await until(counted, SLOT + timedelta(minutes=45))
    assert [kind for kind, _ in counted.bolt.reads[asked:] if kind == "newest_runs"] == []
    assert await counts(counted) == {}


async def test_a_slot_is_missed_however_many_other_runs_have_begun_since(counted: DigestStage) -> None:
    """If the newest runs fill more than a page, older pages are read, back to the slot."""
    await pass_slot(counted, SLOT, SLOT + HOUR)
    for _ in range(25):
        counted.run_through("SUCCESS", pull_request="3")
        await counted.discover()
    await until(counted, SLOT + timedelta(minutes=31))
    assert "Nightly full build: 07:05" in await read(counted)
    await pass_slot(counted, SLOT + HOUR, None)
    assert await counts(counted) == {"2026-11-30 s0735": 1}


@pytest.mark.parametrize("why", [BoltOutcomeUnknown(), BoltRejected((ApiError("failed"),))])
async def test_a_slot_is_missed_even_if_its_page_could_not_be_read_at_first(
    counted: DigestStage, why: BoltError
) -> None:
    """The next look reads it."""
    await pass_slot(counted, SLOT, SLOT + HOUR)
    for _ in range(25):
        counted.run_through("SUCCESS", pull_request="3")
        await counted.discover()
    counted.bolt.faults.always["runs"] = why
    await until(counted, SLOT + timedelta(minutes=31))
    del counted.bolt.faults.always["runs"]
    await counted.sweep()
    assert "Nightly full build: 07:05" in await read(counted)
    await pass_slot(counted, SLOT + HOUR, None)
    assert await counts(counted) == {"2026-11-30 s0735": 1}


async def test_slots_are_counted_although_bolt_never_lists_what_is_older(counted: DigestStage) -> None:
    """Slots that the newest runs cover are counted. An older slot is counted once it's certain that it had no run."""
    await pass_slot(counted, SLOT, SLOT + HOUR)
    for _ in range(25):
        counted.run_through("SUCCESS", pull_request="3")
        await counted.discover()
    counted.bolt.faults.always["runs"] = BoltRejected((ApiError("too deep"),))
    await pass_slot(counted, SLOT + HOUR, SLOT + 2 * HOUR)
    await until(counted, SLOT + HOUR + timedelta(minutes=31))
    assert "Nightly full build: 08:05" in await read(counted)
    await pass_slot(counted, SLOT + 2 * HOUR, None)
    assert await counts(counted) == {"2026-11-30 s0835": 1}
    del counted.bolt.faults.always["runs"]
    await counted.sweep()
    assert await counts(counted) == {"2026-11-30 s0735": 1, "2026-11-30 s0835": 1}


async def test_a_missed_slot_is_not_counted_while_its_run_may_be_among_older_ones(counted: DigestStage) -> None:
    """The slot's late run is more than a page back, where it can't be read. A count is never taken back."""
    await pass_slot(counted, SLOT, SLOT + 2 * HOUR)
    await until(counted, SLOT + timedelta(minutes=40))
    assert "Nightly full build: 07:05" in await read(counted)
    counted.run_through("SUCCESS")
    for _ in range(25):
        counted.run_through("SUCCESS", pull_request="3")
    counted.bolt.faults.always["runs"] = BoltRejected((ApiError("too deep"),))
    await pass_slot(counted, SLOT + 2 * HOUR, SLOT + 3 * HOUR)
    await until(counted, SLOT + 2 * HOUR + timedelta(minutes=31))
    assert await counts(counted) == {}


async def test_slots_in_a_blind_spell_are_not_counted(counted: DigestStage) -> None:
    """A slot whose grace period ended before the gap is still counted."""
    await pass_slot(counted, SLOT, SLOT + HOUR)
    await until(counted, SLOT + timedelta(minutes=40))
    counted.pass_minutes(60)
    await due_at(counted, SLOT + 3 * HOUR)
    assert "Nightly full build: 07:05" in await read(counted)
    await pass_slot(counted, SLOT + 3 * HOUR, None)
    assert await counts(counted) == {"2026-11-30 s0735": 1}
    counted.pass_minutes(60)
    await counted.discover()
    await until(counted, SLOT + 5 * HOUR)
    assert await counts(counted) == {"2026-11-30 s0735": 1}
    assert "Nightly full build: 07:05" in await read(counted)


async def test_a_paused_schedule_has_no_slots(counted: DigestStage) -> None:
    """Even slots from before the pause are dropped."""
    await pass_slot(counted, SLOT, SLOT + HOUR)
    await until(counted, SLOT + timedelta(minutes=40))
    counted.bolt.active = [replace(one, suspended=True) for one in counted.bolt.active]
    await until(counted, SLOT + 2 * HOUR)
    assert "Missed runs" not in await read(counted)
    assert await counts(counted) == {}


async def test_only_channels_with_a_digest_have_slots_counted(counted: DigestStage) -> None:
    """A watch of another branch doesn't count, because the scheduler doesn't start runs on it."""
    assert list(await counted.notices.all_slots()) == ["nightly"]
    await counted.type("digest off")
    await counted.discover()
    assert await counted.notices.all_slots() == {}
    await counted.watch("nightly", "C3", branch="dev")
    await counted.type("digest daily 09:00 --tz UTC", channel="C3")
    await counted.discover()
    assert await counted.notices.all_slots() == {}


async def test_a_look_that_another_one_overtakes_counts_nothing(counted: DigestStage) -> None:
    """A look also counts nothing if it's repeated because its process died before giving back its claim."""
    await pass_slot(counted, SLOT, SLOT + HOUR)
    await until(counted, SLOT + HOUR - timedelta(minutes=1))
    stale = (await counted.discovery.load_schedules(["nightly"]))["nightly"]
    await until(counted, SLOT + HOUR)
    await due_at(counted, None)
    assert await counts(counted) == {"2026-11-30 s0735": 1}
    await counted.redis.zadd(counted.scripts.key("due", "looks"), {"nightly": 1})
    claimed = await counted.due["looks"].claim(1)
    assert claimed.lease is not None
    again = SettledSlots(stale.slots, Slots(), [Count("2026-11-30", "nightly", "s0735")])
    now = (await counted.discovery.load_schedules(["nightly"]))["nightly"]
    looked = Looked(now.ledger, settled=again)
    assert not await counted.discovery.note_look(claimed.lease, "nightly", now.rev, looked, delay_s=60)
    assert await counts(counted) == {"2026-11-30 s0735": 1}
