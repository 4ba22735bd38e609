"""Lines about single runs: each run that nobody started here gets its line once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.request import RequestState
from bot.core.model.run import RunKey
from tests.core.views.plain import said
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis)


def lines(stage: IncidentStage, channel: str = CHANNEL) -> list[str]:
    """The messages in the channel, as people read them."""
    return [
        said(one.message.text) for one in stage.chat.posted.values() if (one.channel, one.thread) == (channel, None)
    ]


async def test_ends_are_one_line_each(stage: IncidentStage) -> None:
    """Each end is one line, looking again adds nothing, and a failure opens an incident."""
    await stage.watch(only="ends")
    for state in ("SUCCESS", "CANCELED", "SKIPPED"):
        stage.run_through(state)
        await stage.discover()
    await stage.sweep()
    words = ("succeeded", "was cancelled", "was skipped")
    assert [word in line for word, line in zip(words, lines(stage), strict=True)] == [True] * 3
    assert stage.chat.edits == []
    stage.run_through("FAILED")
    await stage.discover()
    assert len(lines(stage)) == 4
    assert len(await stage.thread()) == 1


async def test_a_recovery_is_a_line_too(stage: IncidentStage) -> None:
    """The run has its own line; the incident's message says that the incident is over."""
    await stage.watch(only="ends")
    for state in ("FAILED", "SUCCESS"):
        stage.run_through(state)
        await stage.discover()
    assert [("recovered" in line, "succeeded" in line) for line in lines(stage)] == [(True, False), (False, True)]


async def test_all_shows_a_run_from_its_start_and_edits_the_line_to_its_end(stage: IncidentStage) -> None:
    """A failed run has such a line too, in addition to its incident."""
    await stage.watch(only="all")
    for state, word in (("SUCCESS", "succeeded"), ("FAILED", "failed")):
        run = stage.begin()
        await stage.discover()
        assert f"is running: run {run}" in lines(stage)[-1]
        stage.end(run, state)
        await stage.discover()
        assert any(f"{word}: run {run}" in line for line in lines(stage))
    assert len(lines(stage)) == 3
    assert (await stage.incident()).failures == 1


async def test_runs_for_pull_requests_are_lines_of_their_own(stage: IncidentStage) -> None:
    """Lines about runs for pull requests are posted only if a watch wants them, and open no incident."""
    await stage.watch(pull_requests=True)
    await stage.watch(channel="C2", only="ends")
    for state in ("FAILED", "SUCCESS"):
        run = stage.begin(branch="feature")
        stage.change(run, pull_request="12")
        stage.end(run, state)
        await stage.discover()
    assert [("for pull request 12" in line) for line in lines(stage)] == [True, True]
    assert "failed" in lines(stage)[0]
    assert lines(stage, "C2") == []
    assert await stage.incidents.load_incident(CHANNEL, "nightly") is None


async def test_a_run_with_a_card_has_no_line(stage: IncidentStage) -> None:
    """The run's card shows everything."""
    await stage.watch(only="all")
    request = await stage.start()
    assert request.state is RequestState.SETTLED
    run = stage.bolt.runs_of["nightly"][0].id
    await stage.discover()
    stage.change(run, started_at=stage.at)
    stage.end(run, "SUCCESS")
    await stage.discover()
    assert len(lines(stage)) == 1


async def test_a_state_that_nobody_knows_is_told_ten_minutes_after_the_end(stage: IncidentStage) -> None:
    """The unknown state is posted once, and the run is no longer polled."""
    await stage.watch(only="ends")
    run = stage.begin()
    await stage.discover()
    stage.end(run, "Finished")
    await stage.sweep()
    assert lines(stage) == []
    stage.pass_minutes(11)
    await stage.sweep()
    await stage.sweep()
    (line,) = lines(stage)
    assert f"ended as Finished: run {run}" in line
    assert await stage.redis.zscore(stage.scripts.key("due", "polls"), RunKey("w", run).name) is None


async def test_a_busy_schedule_has_one_line_an_hour_and_its_failures(stage: IncidentStage) -> None:
    """A schedule is busy if it had more than twelve runs in the last day."""
    stage.pass_minutes(60 - stage.at.minute)
    for _ in range(13):
        stage.run_through("SUCCESS")
    await stage.watch(only="all")
    for _ in range(3):
        stage.run_through("SUCCESS")
        await stage.discover()
    run = stage.begin()
    await stage.discover()
    stage.end(run, "FAILED")
    await stage.discover()
    hourly = [line for line in lines(stage) if "ended in the hour" in line]
    assert len(hourly) == 1
    assert len(lines(stage)) == 2
    name = next(one.key for one in stage.chat.posted.values() if "hour" in one.key).removeprefix(f"notice:{CHANNEL}:")
    stored = await stage.notices.load_notice(CHANNEL, name)
    assert stored is not None
    assert stored.notice.hour is not None
    assert stored.notice.hour.ends == (("FAILED", 1), ("SUCCESS", 3))


async def test_ends_before_the_watch_are_no_news(stage: IncidentStage) -> None:
    """A channel that starts watching later sees only runs that end from then on."""
    await stage.watch(only="ends")
    stage.run_through("SUCCESS")
    stage.pass_minutes(1)
    await stage.watch(channel="C2", only="ends")
    assert (len(lines(stage)), lines(stage, "C2")) == (1, [])


async def test_every_record_of_a_line_expires(stage: IncidentStage) -> None:
    """The notice and the card of its message both expire."""
    await stage.watch(only="all")
    run = stage.begin()
    await stage.discover()
    stage.end(run, "SUCCESS")
    await stage.discover()
    keys = [
        *await stage.redis.keys(stage.scripts.key("notice", "*")),
        *await stage.redis.keys(stage.scripts.key("card", "*")),
    ]
    assert len(keys) == 2
    assert [await stage.redis.ttl(key) <= timedelta(days=2).total_seconds() for key in keys] == [True, True]
    assert all([await stage.redis.ttl(key) > 0 for key in keys])


async def test_two_processes_account_an_end_in_one_line(stage: IncidentStage) -> None:
    """The script refuses the second process."""
    await stage.watch(only="ends")
    stage.run_through("SUCCESS")
    await stage.work("discovery")
    await stage.work("looks")
    claimed = await stage.due["accounts"].claim(1)
    assert claimed.lease is not None
    await stage.redis.zadd(stage.scripts.key("due", "accounts"), {"nightly": 1})
    again = await stage.due["accounts"].claim(1)
    assert again.lease is not None
    await stage.accountant().account_schedule(claimed.lease)
    await stage.accountant().account_schedule(again.lease)
    await stage.settle()
    assert len(lines(stage)) == 1


async def test_a_schedule_keeps_its_line_if_its_watch_changes(stage: IncidentStage) -> None:
    """A line that was posted at the start doesn't stay at "running"."""
    watch = await stage.watch(only="all")
    run = stage.begin()
    await stage.discover()
    await stage.watches.change_watch(replace(watch, only="ends"))
    stage.end(run, "FAILED")
    await stage.discover()
    assert f"failed: run {run}" in lines(stage)[0]
