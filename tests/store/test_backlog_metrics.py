"""Metrics of the data in Redis: waiting work, and the remaining budgets."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from bot.core.model.admission import Limits
from bot.store.backlog_metrics import BacklogMetrics, Measured
from bot.store.lanes import PostLane
from bot.store.scripts import Scripts
from bot.store.slack_call_budget import SlackCallBudget
from bot.store.start_requests import StartRequests
from tests.store.record import asked, follow_run
from tests.store.test_lanes import FREE, edits, end_run, observe, posts

MEASURED = Measured(("requests", "polls", "ends", "discovery"), 48, 60, {"users.info": 90}, 61)


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


async def measure(scripts: Scripts) -> dict[tuple[str, ...], float]:
    """Every value, by name and labels."""
    text = (await BacklogMetrics(scripts, MEASURED).text()).decode()
    return {
        (sample.name.removeprefix("bolt_bot_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def age(scripts: Scripts, run_id: int, by_s: int) -> None:
    """Move the time when a run's end was seen into the past."""
    run = scripts.key("run", f"w:{run_id}")
    final_us = int(await scripts.redis.hget(run, "final_us") or 0)
    await scripts.redis.hset(run, "final_us", str(final_us - by_s * 1_000_000))


async def test_an_empty_store_has_nothing_waiting(scripts: Scripts) -> None:
    """All values are zero; no listing can be late, because nothing is watched."""
    found = await measure(scripts)
    assert {value for name, value in found.items() if not name[0].startswith("slack_budget")} == {0}
    assert found["slack_budget_left", "chat.update"] == found["slack_budget_limit", "chat.update"] == 48
    assert ("listing_age_seconds",) not in found
    assert ("lane_items", "fail", "posts") in found
    assert ("lane_items", "progress", "edits") in found


async def test_starts_and_runs_are_counted(scripts: Scripts) -> None:
    """A waiting start is in its due set; a run that hasn't ended is active."""
    await follow_run(scripts, 1)
    await follow_run(scripts, 2)
    await StartRequests(scripts, Limits()).accept(asked("b"))
    await scripts.redis.zadd(scripts.key("due", "requests"), {"b": 1_000_000})
    found = await measure(scripts)
    assert found["due_set_members", "requests"] == 1
    assert found["due_set_overdue_seconds", "requests"] > 1000
    assert found[("active_runs",)] == found["due_set_members", "polls"] == 2


async def test_an_end_is_untold_until_it_is_posted(scripts: Scripts) -> None:
    """An end's age counts from when it was seen, even if it isn't concluded yet."""
    await follow_run(scripts, 1)
    await observe(scripts, 1, "FAILED")
    await age(scripts, 1, 400)
    found = await measure(scripts)
    assert found[("untold_ends",)] == 1
    assert 400 <= found[("untold_end_age_seconds",)] < 430


async def test_a_post_that_is_retried_stays_untold(scripts: Scripts) -> None:
    """However often it's put back, its age counts from the run's end; once it's posted, nothing is left."""
    await follow_run(scripts, 1)
    await end_run(scripts, 1, "FAILED")
    await age(scripts, 1, 400)
    lane: PostLane = posts(scripts)
    taken = await lane.claim()
    assert taken.lease is not None
    assert taken.item.startswith("end/")
    found = await measure(scripts)
    assert found["lane_items", "fail", "posts"] == found[("untold_ends",)] == 1
    assert found["lane_overdue_seconds", "fail", "posts"] == 0
    assert found[("untold_end_age_seconds",)] >= 400
    card = taken.item.partition("/")[2]
    await scripts.run(
        "finish_post", card, taken.urgency, taken.channel, taken.item, taken.lease.token, "end", "9.9", ""
    )
    found = await measure(scripts)
    assert found[("untold_ends",)] == found[("untold_end_age_seconds",)] == 0


async def test_ends_in_one_message_count_each(scripts: Scripts) -> None:
    """An end batch is one post."""
    for number in range(1, 26):
        await follow_run(scripts, number)
    for number in range(1, 26):
        await end_run(scripts, number, "FAILED")
    await age(scripts, 25, 900)
    taken = await posts(scripts).claim()
    assert taken.item.startswith("digest/")
    found = await measure(scripts)
    assert found[("untold_ends",)] == 25
    assert found[("untold_end_age_seconds",)] >= 900


async def test_the_budgets_shrink_and_holds_are_seen(scripts: Scripts) -> None:
    """Calls in the last minute are subtracted; a Retry-After is shown in seconds."""
    await follow_run(scripts, 1)
    lane, calls = edits(scripts, FREE), SlackCallBudget(scripts)
    await lane.claim()
    await calls.take("users.info", 90)
    await calls.hold("users.info", 30)
    await lane.hold(20)
    found = await measure(scripts)
    assert found["slack_budget_left", "chat.update"] == 47
    assert found["slack_budget_left", "users.info"] == 89
    assert 25 < found["hold_seconds", "users.info"] <= 30
    assert 15 < found["hold_seconds", "chat.update"] <= 20
    assert found["hold_seconds", "chat.postMessage"] == 0


async def test_a_listing_has_an_age_while_something_is_watched(scripts: Scripts) -> None:
    """Without a watch, no listing is made, so none is late."""
    seconds, _ = await scripts.redis.time()
    await scripts.redis.set(scripts.key("discovery", "at"), str((int(seconds) - 700) * 1_000_000))
    assert ("listing_age_seconds",) not in await measure(scripts)
    await scripts.redis.zadd(scripts.key("due", "discovery"), {"schedules": 1})
    await scripts.redis.hset(scripts.key("standing"), "C1:1", "{}")
    await scripts.redis.zadd(scripts.key("incident", "open"), {"C1:nightly": 1})
    found = await measure(scripts)
    assert 700 <= found[("listing_age_seconds",)] < 730
    assert found[("watches",)] == found[("open_incidents",)] == 1


async def test_redis_is_asked_once_however_many_read(scripts: Scripts) -> None:
    """Scrapes at the same moment share a measurement; a later scrape measures again."""
    now = 0.0
    metrics = BacklogMetrics(scripts, MEASURED, clock=lambda: now)
    first = await asyncio.gather(*(metrics.text() for _ in range(3)))
    await follow_run(scripts, 1)
    assert {await metrics.text(), *first} == {first[0]}
    now = 2.0
    assert b"bolt_bot_active_runs 1.0" in await metrics.text()


async def test_without_redis_there_are_no_values() -> None:
    """An old value would look like a good one; each metric's help text is still there."""
    away = Scripts(Redis(host="127.0.0.1", port=1), "test", retention_s=1)
    text = (await BacklogMetrics(away, MEASURED).text()).decode()
    assert "# HELP bolt_bot_untold_ends" in text
    assert [line for line in text.splitlines() if not line.startswith("#")] == []
