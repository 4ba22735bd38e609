"""Late schedules: from the slot that Bolt listed to the message that says nothing has begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.bolt import Schedule
from bot.core.model.errors import BoltOutcomeUnknown, BoltThrottled
from tests.core.views.plain import said
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL

HOUR = timedelta(hours=1)


@pytest.fixture(params=[0, 10, -10], ids=["right", "ahead", "behind"])
async def stage(one_redis: Redis, request: pytest.FixtureRequest) -> IncidentStage:
    """The flows of watches, with an empty store, and a Bolt whose clock is right or ten minutes off."""
    return IncidentStage(one_redis, at=datetime.now(UTC) + timedelta(minutes=request.param))


def due_at(stage: IncidentStage, at: datetime | None, *slugs: str) -> None:
    """Bolt lists this time as the schedules' next run."""
    stage.bolt.active = [
        replace(one, next_run_at=at) if one.slug in (slugs or ("nightly",)) else one for one in stage.bolt.active
    ]


async def pass_time(stage: IncidentStage, minutes: float, *, every: float = 5) -> None:
    """Time passes, with listings at intervals."""
    while minutes > 0:
        stage.pass_minutes(min(every, minutes))
        minutes -= every
        await stage.discover()
    await judge(stage)


async def judge(stage: IncidentStage) -> None:
    """Check which schedules are late, even if the check isn't due yet."""
    await stage.work("late", whatever=True)
    await stage.settle()


def lines(stage: IncidentStage, channel: str = CHANNEL) -> list[str]:
    """The messages in the channel, as people read them."""
    return [said(one.message.text) for one in stage.chat.posted.values() if one.channel == channel]


async def test_a_schedule_without_a_run_is_late_after_its_grace(stage: IncidentStage) -> None:
    """Another slot is counted, and the next start closes the message."""
    slot = stage.at + timedelta(minutes=5)
    due_at(stage, slot)
    await stage.watch(late_s=1800)
    await pass_time(stage, 6)
    due_at(stage, slot + HOUR)
    await pass_time(stage, 25)
    assert lines(stage) == []
    await pass_time(stage, 5)
    (line,) = lines(stage)
    assert f"is late: the run due at {slot:%H:%M} hasn't started" in line
    await pass_time(stage, 60)
    due_at(stage, slot + 2 * HOUR)
    (line,) = lines(stage)
    assert "2 runs missed so far" in line
    stage.begin()
    await stage.discover()
    await judge(stage)
    (line,) = lines(stage)
    assert "31 min late" in line
    assert "1 run missed" in line
    assert await stage.notices.late_boards() == {}


async def test_a_run_in_time_is_no_news(stage: IncidentStage) -> None:
    """Nothing is posted if the slot's run begins in time; a run on another branch isn't that run."""
    due_at(stage, stage.at + timedelta(minutes=5))
    await stage.watch(late_s=1800)
    await pass_time(stage, 5)
    due_at(stage, stage.at + HOUR)
    stage.run_through("SUCCESS")
    await pass_time(stage, 50)
    assert lines(stage) == []
    stage.run_through("SUCCESS", branch="dev")
    await pass_time(stage, 50)
    assert len(lines(stage)) == 1


async def test_a_slot_that_passed_while_nothing_could_be_listed_is_never_late(stage: IncidentStage) -> None:
    """The run of such a slot may have started unseen."""
    stage.gapless = False
    due_at(stage, stage.at + timedelta(minutes=5))
    await stage.watch(late_s=600)
    stage.bolt.faults.always["activity"] = stage.bolt.faults.always["schedules"] = BoltOutcomeUnknown()
    await pass_time(stage, 16)
    stage.bolt.faults.always.clear()
    await pass_time(stage, 60)
    assert [line for line in lines(stage) if "late" in line] == []


async def test_nothing_is_judged_while_nothing_can_be_listed(stage: IncidentStage) -> None:
    """A slot that waits for its run during that time is dropped, because the run may have started unseen."""
    stage.gapless = False
    due_at(stage, stage.at + timedelta(minutes=5))
    await stage.watch(late_s=1800)
    await pass_time(stage, 6)
    due_at(stage, None)
    stage.bolt.faults.always["activity"] = stage.bolt.faults.always["schedules"] = BoltOutcomeUnknown()
    await pass_time(stage, 40)
    assert [line for line in lines(stage) if "late" in line] == []
    stage.bolt.faults.always.clear()
    await pass_time(stage, 5)
    assert [line for line in lines(stage) if "late" in line] == []


async def test_an_earlier_run_that_still_runs_is_why(stage: IncidentStage) -> None:
    """The message names the earlier run, instead of only reporting a slot without a run."""
    await stage.watch(late_s=600)
    run = stage.begin()
    due_at(stage, stage.at + timedelta(minutes=5))
    await stage.discover()
    await pass_time(stage, 20)
    (line,) = lines(stage)
    assert f"run {run} is still running (since" in line


async def test_a_paused_schedule_is_not_late(stage: IncidentStage) -> None:
    """The message about a schedule that was already late says that it's paused."""
    due_at(stage, stage.at + timedelta(minutes=5))
    await stage.watch(late_s=600)
    await pass_time(stage, 20)
    assert len(lines(stage)) == 1
    stage.bolt.active = [replace(one, suspended=True) for one in stage.bolt.active]
    await pass_time(stage, 20)
    (line,) = lines(stage)
    assert "didn't start: it's paused in Bolt" in line


async def test_a_stopped_watch_ends_it(stage: IncidentStage) -> None:
    """The message says that the schedule is no longer watched."""
    due_at(stage, stage.at + timedelta(minutes=5))
    watch = await stage.watch(late_s=600)
    await pass_time(stage, 20)
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await pass_time(stage, 5)
    (line,) = lines(stage)
    assert "it's no longer watched here" in line
    assert await stage.redis.zcard(stage.scripts.key("due", "late")) == 0


async def test_many_late_schedules_share_a_message(stage: IncidentStage) -> None:
    """The message counts those that have started meanwhile."""
    slugs = [f"job-{number}" for number in range(7)]
    stage.bolt.active = [
        Schedule(10 + at, f"u{at}", slug, slug, "OFF", "ui", commands=("dbt run",), git_branch="main")
        for at, slug in enumerate(slugs)
    ]
    due_at(stage, stage.at + timedelta(minutes=5), *slugs)
    await stage.watch("*", late_s=600)
    await pass_time(stage, 20)
    (line,) = lines(stage)
    assert "7 schedules are overdue" in line
    stage.begin("job-3")
    await stage.discover()
    await judge(stage)
    (line,) = lines(stage)
    assert "6 schedules are overdue, and 1 started late" in line


@pytest.mark.parametrize("error", [BoltOutcomeUnknown(), BoltThrottled(1)])
async def test_it_is_judged_later_if_runs_cannot_be_listed(
    stage: IncidentStage, error: BoltOutcomeUnknown | BoltThrottled
) -> None:
    """Nothing is posted until Bolt answers."""
    due_at(stage, stage.at + timedelta(minutes=5))
    await stage.watch(late_s=600)
    await pass_time(stage, 6)
    stage.bolt.faults.always["newest_runs"] = error
    await pass_time(stage, 15)
    assert lines(stage) == []
    assert await stage.redis.zcard(stage.scripts.key("due", "late")) == 1
    stage.bolt.faults.always.clear()
    await stage.redis.delete(stage.scripts.key("hold", "late"))
    await judge(stage)
    assert len(lines(stage)) == 1


async def test_two_processes_report_it_once(stage: IncidentStage) -> None:
    """The process whose claim was taken over changes nothing."""
    due_at(stage, stage.at + timedelta(minutes=5))
    await stage.watch(late_s=600)
    await pass_time(stage, 6)
    stage.pass_minutes(9)
    await stage.work("discovery")
    due = stage.scripts.key("due", "late")
    leases = []
    for _ in range(2):
        await stage.redis.zadd(due, {"nightly": 1})
        claimed = await stage.due["late"].claim(100)
        assert claimed.lease is not None
        leases.append(claimed.lease)
    assert not await stage.late_judge().judge_schedules(leases[0])
    assert await stage.late_judge().judge_schedules(leases[1])
    await judge(stage)
    assert len(lines(stage)) == 1
