"""A look at schedules' newest runs finds those that nobody started here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import ApiError, BoltNotSent, BoltOutcomeUnknown, BoltRejected, BoltThrottled
from bot.core.model.run import Run, RunKey
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.flows.fakes import OUR_ACTOR
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL, carded


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis)


async def test_an_active_run_is_followed_without_a_card(stage: IncidentStage) -> None:
    """An active run is polled like any other, and its facts come from the listing."""
    await stage.watch()
    run = stage.begin(actor="cron")
    await stage.discover()
    stored = await stage.run(run)
    assert (stored.facts.slug, stored.facts.actor, stored.facts.commands) == ("nightly", "cron", ("dbt build",))
    assert stage.cards() == []
    assert (await stage.discovery.load_schedules(["nightly"]))["nightly"].ledger.active == (run,)


async def test_a_success_needs_no_poll(stage: IncidentStage) -> None:
    """A success is polled only if it would close an incident, because its commands then decide."""
    await stage.watch()
    first = stage.run_through("SUCCESS")
    await stage.discover()
    assert await stage.runs.load_run(RunKey("w", first)) is None
    stage.run_through("FAILED")
    await stage.discover()
    second = stage.run_through("SUCCESS")
    await stage.discover()
    assert (await stage.run(second)).end is not None
    # A success's warnings are shown only on cards.
    assert not [what for what, _ in stage.bolt.reads if what == "resources"]


async def test_more_than_a_page_of_runs_is_found(stage: IncidentStage) -> None:
    """Older pages are read until they reach a known run."""
    stage.run_through("SUCCESS")
    await stage.watch()
    for _ in range(45):
        stage.run_through("FAILED")
    await stage.discover()
    await stage.settle()
    assert (await stage.incident()).failures == 45
    assert len(stage.cards()) == 1


async def test_if_bolt_is_away_while_older_pages_are_read_the_look_is_made_again(stage: IncidentStage) -> None:
    """If the newer runs were stored already, no later look would reach the older ones."""
    stage.run_through("SUCCESS")
    await stage.watch()
    for _ in range(45):
        stage.run_through("FAILED")
    stage.bolt.faults.fail("runs", BoltOutcomeUnknown(), BoltThrottled(0))
    await stage.discover()
    for _ in range(3):
        await stage.sweep()
    assert (await stage.incident()).failures == 45
    assert len(stage.cards()) == 1


async def test_once_bolt_throttles_a_look_asks_for_no_more_older_pages(stage: IncidentStage) -> None:
    """Schedules that need older pages are looked at later, and the others now."""
    slugs = ["a", "b", "c"]
    stage.bolt.active[:] = [replace(stage.bolt.active[0], slug=slug, name=f"Job {slug}") for slug in slugs]
    for slug in slugs:
        stage.run_through("SUCCESS", slug)
    await stage.watch("*")
    for _ in range(21):
        stage.run_through("FAILED", "a")
        stage.run_through("FAILED", "b")
    stage.run_through("FAILED", "c")
    stage.bolt.faults.fail("runs", BoltThrottled(0))
    await stage.work("discovery")
    claimed = await stage.due["looks"].claim(100)
    assert claimed.lease is not None
    asked = len(stage.bolt.reads)
    await stage.looker().look(claimed.lease)
    assert [read for read in stage.bolt.reads[asked:] if read[0] == "runs"] == [("runs", "a")]
    await stage.settle()
    found = await stage.incidents.load_incidents([("C1", slug) for slug in slugs])
    assert [one.incident.failures if one else 0 for one in found] == [0, 0, 1]
    await stage.sweep()
    found = await stage.incidents.load_incidents([("C1", slug) for slug in slugs])
    assert [one.incident.failures if one else 0 for one in found] == [21, 21, 1]


async def test_if_bolt_throttles_each_look_the_next_one_asks_for_another_schedules_pages(stage: IncidentStage) -> None:
    """Otherwise one schedule's pages could use up every look, and another schedule's older runs might never be read."""
    slugs = ["a", "b"]
    stage.bolt.active[:] = [replace(stage.bolt.active[0], slug=slug, name=f"Job {slug}") for slug in slugs]
    for slug in slugs:
        stage.run_through("SUCCESS", slug)
    await stage.watch("*")
    for _ in range(21):
        stage.run_through("FAILED", "a")
        stage.run_through("FAILED", "b")
    await stage.work("discovery")
    asked = len(stage.bolt.reads)
    for _ in range(3):
        stage.bolt.faults.fail("runs", BoltThrottled(0))
        claimed = await stage.due["looks"].claim(100)
        assert claimed.lease is not None
        await stage.steps["looks"](claimed.lease)
        stage.pass_minutes(6)
    assert [slug for what, slug in stage.bolt.reads[asked:] if what == "runs"] == ["a", "b", "a"]
    await stage.sweep()
    assert (await stage.incident(slug="b")).failures == 21


async def test_if_older_pages_cannot_be_read_for_ten_minutes_what_is_newer_is_told(stage: IncidentStage) -> None:
    """The older pages may never become readable, and nothing would be reported about the schedule anymore."""
    stage.run_through("SUCCESS")
    await stage.watch()
    for _ in range(25):
        stage.run_through("FAILED")
    stage.bolt.faults.always["runs"] = BoltOutcomeUnknown()
    await stage.discover()
    assert await stage.incidents.load_incident("C1", "nightly") is None
    stage.pass_minutes(11)
    await stage.sweep()
    assert (await stage.incident()).failures == 20


async def test_if_bolt_refuses_older_pages_what_is_newer_is_told(stage: IncidentStage) -> None:
    """Bolt may refuse them every time."""
    stage.run_through("SUCCESS")
    await stage.watch()
    for _ in range(25):
        stage.run_through("FAILED")
    stage.bolt.faults.always["runs"] = BoltRejected((ApiError("too deep"),))
    await stage.discover()
    await stage.settle()
    assert (await stage.incident()).failures == 20


async def test_a_schedule_that_cannot_be_listed_does_not_hide_the_others(stage: IncidentStage) -> None:
    """The unlisted schedule is looked at again later."""
    await stage.watch("*")
    stage.run_through("FAILED", "hourly")
    stage.bolt.bad = {"nightly": BoltRejected((ApiError("gone"),))}
    stage.run_through("FAILED")
    await stage.discover()
    assert await stage.incidents.load_incident("C1", "nightly") is None
    assert (await stage.incident(slug="hourly")).failures == 1
    stage.bolt.bad = {}
    await stage.sweep()
    assert (await stage.incident()).failures == 1


async def test_if_bolt_is_away_every_look_is_made_again(stage: IncidentStage) -> None:
    """The failure is reported once Bolt answers."""
    await stage.watch()
    stage.run_through("FAILED")
    stage.bolt.faults.fail("newest_runs", BoltNotSent(cause="refused", where="Bolt"))
    await stage.discover()
    assert stage.cards() == []
    await stage.sweep()
    assert len(stage.cards()) == 1


async def test_looks_are_spread_over_the_interval(stage: IncidentStage) -> None:
    """Each schedule's look is due at its own time."""
    await stage.watch("*")
    key = stage.scripts.key("due", "looks")
    scores = [await stage.redis.zscore(key, slug) for slug in ("nightly", "hourly")]
    assert None not in scores
    assert len(set(scores)) == 2


async def test_a_start_of_ours_is_told_by_its_card_alone(stage: IncidentStage) -> None:
    """As long as every failure has a card, the incident has no message."""
    await stage.watch()
    await stage.start()
    run = stage.bolt.runs_of["nightly"][0].id
    await stage.discover()
    stage.pass_minutes(1)
    stage.end(run, "FAILED")
    await stage.discover()
    await stage.sweep()
    incident = await stage.incident()
    assert (incident.failures, incident.silent) == (1, True)
    assert len(stage.cards()) == 1
    stage.run_through("FAILED")
    await stage.discover()
    assert len(stage.cards()) == 2
    assert (await stage.incident()).failures == 2


async def test_runs_that_ended_before_the_watch_of_a_second_channel_are_not_told_there(stage: IncidentStage) -> None:
    """The time at which the watch was made counts, by Bolt's clock."""
    await stage.watch("hourly", "C2")
    await stage.watch()
    stage.run_through("FAILED")
    stage.pass_minutes(1)
    await stage.watch("*", "C2", since=stage.at + timedelta(minutes=5))
    stage.run_through("FAILED")
    await stage.discover()
    assert len(stage.cards("C1")) == 1
    assert stage.cards("C2") == []


async def test_a_failure_between_the_watch_and_the_first_look_is_told(stage: IncidentStage) -> None:
    """Bolt was away when the watch was made."""
    stage.run_through("SUCCESS")
    stage.bolt.faults.fail("schedules", BoltNotSent(cause="refused", where="Bolt"))
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    assert len(stage.cards()) == 1


async def test_a_failure_right_after_a_second_channel_begins_to_watch_counts_once_there(stage: IncidentStage) -> None:
    """The look that begins the watch there lists the run, and its end is accounted for later."""
    await stage.watch()
    await stage.add_watch("night*", "C2")
    stage.run_through("FAILED")
    await stage.discover()
    assert (await stage.incident("C2")).failures == 1
    assert len(stage.cards("C2")) == 1


async def test_a_failure_from_before_and_one_after_the_watch_of_a_second_channel_are_two(stage: IncidentStage) -> None:
    """The earlier one was accounted for only in the first channel."""
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    await stage.add_watch("night*", "C2")
    stage.run_through("FAILED")
    await stage.discover()
    assert (await stage.incident("C2")).failures == 2
    (message,) = stage.cards("C2")
    assert "since before I started watching" in message


async def test_what_was_accounted_while_a_second_channel_made_its_watch_is_counted_there(stage: IncidentStage) -> None:
    """The run counts as a failure from before the watch, because its end isn't accounted for again."""
    await stage.watch()
    asked = stage.at
    stage.run_through("FAILED")
    await stage.discover()
    await stage.watch("night*", "C2", since=asked)
    assert (await stage.incident("C2")).failures == 1
    stage.run_through("FAILED")
    await stage.discover()
    assert (await stage.incident("C2")).failures == 2


async def test_a_run_that_may_be_a_lost_starts_waits_for_it(stage: IncidentStage) -> None:
    """A lost start's run is reported on the start's card. A run that somebody else started doesn't wait."""
    await stage.watch()
    run = await _lost_start(stage)
    theirs = stage.run_through("FAILED")
    await stage.discover()
    assert await stage.runs.load_run(RunKey("w", run)) is None
    assert (await stage.incident()).recent[-1].run == theirs
    await stage.advance()
    assert (await stage.request()).run_id == run
    await stage.sweep()
    incident = await stage.incident()
    assert (incident.failures, len(incident.posts)) == (2, 1)


async def test_an_end_that_discovery_sees_before_its_lost_start_is_found_is_in_the_cards_thread(
    stage: IncidentStage,
) -> None:
    """The card is posted before the start, and linked to the run only after it has ended."""
    await stage.watch()
    run = await _lost_start(stage)
    await stage.redis.hset(stage.scripts.key("req", "r1"), "sending_us", f"{(time.time() - 61) * 1e6:.0f}")
    await stage.discover()
    assert (await stage.run(run)).end is not None
    await stage.advance()
    assert (await stage.request()).run_id == run
    await stage.settle()
    (card,) = [one for one in stage.chat.posted.values() if one.thread is None and "started by" in one.text]
    assert any("failed" in post for post in stage.chat.in_channel(CHANNEL, card.ts))


class ConcludedMeanwhile(Runs):
    """A store in which a run is concluded right after it was loaded."""

    def __init__(self, scripts: Scripts, conclude: Callable[[], Awaitable[None]]) -> None:
        super().__init__(scripts)
        self._conclude: Callable[[], Awaitable[None]] | None = conclude

    async def load_run(self, key: RunKey) -> Run | None:
        """Load the run as it was before."""
        found, conclude = await super().load_run(key), self._conclude
        self._conclude = None
        if conclude is not None:
            await conclude()
        return found


async def test_a_run_of_ours_that_is_concluded_during_a_look_does_not_wait_for_the_sweep(stage: IncidentStage) -> None:
    """The run's end couldn't be handed over, because the look hadn't recorded yet that its schedule is watched."""
    await stage.watch()
    await stage.start()
    stage.end(stage.bolt.runs_of["nightly"][0].id, "FAILED")

    async def conclude() -> None:
        await stage.poll()
        assert await stage.work("ends") == 1

    stage.runs = ConcludedMeanwhile(stage.scripts, conclude)
    stage.steps["looks"] = stage.looker().look
    await stage.work("discovery")
    await stage.work("looks")
    await stage.settle()
    assert (await stage.incident()).failures == 1


async def _lost_start(stage: IncidentStage) -> int:
    """The reply to a start is lost, and its run fails before anything searches for it."""
    await stage.runs.learn_actor("w", OUR_ACTOR)
    await carded(stage)
    stage.bolt.faults.lose("trigger")
    await stage.advance()
    run = stage.bolt.runs_of["nightly"][0].id
    stage.pass_minutes(1)
    return stage.end(run, "FAILED")


async def test_nothing_is_looked_at_once_the_last_watch_is_stopped(stage: IncidentStage) -> None:
    """Records of known runs are kept for a day. A run that ends after that leaves nothing behind."""
    watch = await stage.watch()
    run = stage.begin()
    await stage.discover()
    assert await stage.watches.remove_watch(CHANNEL, watch.number)
    key = stage.scripts.key
    assert await stage.redis.zcard(key("due", "looks")) == 0
    assert 0 < await stage.redis.ttl(key("discovery", "of", "nightly")) <= 86400
    await stage.redis.delete(key("discovery", "of", "nightly"))
    stage.end(run, "FAILED")
    await stage.redis.zadd(key("due", "polls"), {f"w:{run}": 1})
    await stage.settle()
    assert (await stage.run(run)).end is not None
    assert await stage.redis.keys(key("discovery", "ended", "*")) == []
