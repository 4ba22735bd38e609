"""From a run that nobody started here to the incident's message: each end is accounted for once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.incident import IncidentState
from bot.core.watching.discovery import FINAL_KEPT
from bot.core.watching.tally import add_up, days_of
from tests.core.views.plain import buttons
from tests.flows.incident_stage import COLUMN_LOG, DISK_LOG, IncidentStage
from tests.flows.stage import CHANNEL

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis)


async def test_a_failure_that_begins_after_the_watch_is_told_with_its_cause(stage: IncidentStage) -> None:
    """There's one message, and one post in its thread with the relevant lines of the log."""
    await stage.watch()
    run = stage.begin()
    await stage.discover()
    assert stage.cards() == []
    stage.end(run, "FAILED")
    await stage.discover()
    (message,) = stage.cards()
    assert "Nightly full build failed" in message
    (post,) = await stage.thread_in_full()
    assert "net_amnt" in post


async def test_what_was_over_before_the_watch_is_no_news(stage: IncidentStage) -> None:
    """Nothing is posted about a schedule that was fine and stays fine."""
    stage.run_through("SUCCESS")
    await stage.watch()
    stage.run_through("SUCCESS")
    await stage.discover()
    assert stage.cards() == []


async def test_a_run_that_was_never_seen_running_is_told_as_well(stage: IncidentStage) -> None:
    """A run that begins and ends between two looks is reported."""
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    assert len(stage.cards()) == 1


async def test_the_same_error_is_one_message_with_one_post(stage: IncidentStage) -> None:
    """Repeated failures with the same error only change the count."""
    await stage.watch()
    for _ in range(12):
        stage.run_through("FAILED")
        await stage.discover()
    assert len(stage.cards()) == 1
    assert len(await stage.thread()) == 1
    assert (await stage.incident()).failures == 12


async def test_another_error_gets_a_post_that_names_only_it(stage: IncidentStage) -> None:
    """The error before it isn't repeated."""
    await stage.watch()
    for log in (COLUMN_LOG, DISK_LOG):
        stage.run_through("FAILED", log=log)
        await stage.discover()
    first, second = await stage.thread_in_full()
    assert "net_amnt" in first
    assert "No space left on device" in second
    assert "net_amnt" not in second
    assert (await stage.incident()).failures == 2


async def test_a_success_recovers_in_the_same_message(stage: IncidentStage) -> None:
    """The message and a line in its thread both say that the schedule has recovered."""
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    stage.run_through("SUCCESS")
    await stage.discover()
    (message,) = stage.cards()
    assert "recovered" in message
    assert len(await stage.thread()) == 2
    assert (await stage.incident()).state is IncidentState.RECOVERED
    assert await stage.incidents.open_incidents(CHANNEL) == []


async def test_a_failure_and_a_success_in_one_look_are_one_message(stage: IncidentStage) -> None:
    """The incident has already recovered by then."""
    await stage.watch()
    stage.run_through("FAILED")
    stage.run_through("SUCCESS")
    await stage.discover()
    await stage.sweep()
    assert len(stage.cards()) == 1
    assert (await stage.incident()).state is IncidentState.RECOVERED


async def test_accounting_the_same_end_twice_changes_nothing(stage: IncidentStage) -> None:
    """Looking at the same runs again changes neither the incident nor its thread."""
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    before = await stage.stored()
    for _ in range(3):
        await stage.sweep()
    assert await stage.stored() == before
    assert len(await stage.thread()) == 1


async def test_a_schedule_that_fails_when_the_watch_is_made_is_told_at_its_next_end(stage: IncidentStage) -> None:
    """The message says that it has been failing since before the watch."""
    stage.run_through("FAILED")
    await stage.watch()
    assert stage.cards() == []
    stage.run_through("FAILED")
    await stage.discover()
    (message,) = stage.cards()
    assert "since before I started watching" in message
    assert (await stage.incident()).failures == 2


async def test_each_channel_hears_of_what_it_watches(stage: IncidentStage) -> None:
    """A channel gets reports only about schedules that it watches, and about runs that end after the watch began."""
    await stage.watch("hourly", "C2")
    await stage.watch("night*")
    stage.run_through("FAILED")
    await stage.discover()
    assert (len(stage.cards("C1")), len(stage.cards("C2"))) == (1, 0)
    await stage.watch("*", "C2")
    stage.run_through("FAILED")
    await stage.discover()
    assert (len(stage.cards("C1")), len(stage.cards("C2"))) == (1, 1)


@pytest.mark.parametrize("other", [{"branch": "feature"}, {"pull_request": "7"}])
async def test_other_branches_and_pull_requests_open_nothing(stage: IncidentStage, other: dict[str, str]) -> None:
    """A failure on another branch or for a pull request says nothing about the schedule."""
    await stage.watch()
    stage.run_through("FAILED", branch=other.get("branch", "main"), pull_request=other.get("pull_request"))
    await stage.discover()
    assert stage.cards() == []


async def test_unwatching_closes_the_incident(stage: IncidentStage) -> None:
    """The message loses its buttons and says that the schedule is no longer watched; later failures aren't posted."""
    watch = await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    shown_in = (CHANNEL, (await stage.stored()).ts)
    assert buttons(stage.chat.posted[shown_in].message) != []
    await stage.watch("hourly")
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await stage.discover()
    (message,) = stage.cards()
    assert "no longer watched here" in message
    assert buttons(stage.chat.posted[shown_in].message) == []
    stage.run_through("FAILED")
    await stage.discover()
    assert len(stage.cards()) == 1


async def test_a_lost_reply_of_the_message_does_not_post_it_twice(stage: IncidentStage) -> None:
    """A message whose reply was lost is found by its key."""
    await stage.watch()
    stage.run_through("FAILED")
    stage.chat.faults.lose("post_message")
    await stage.discover()
    await stage.settle()
    assert len(stage.cards()) == 1


async def test_each_end_is_counted_once_with_its_hint(stage: IncidentStage) -> None:
    """Counts are kept by day and schedule, and expire after 36 days."""
    stage.at = stage.bolt.clock = NOON
    await stage.watch()
    for state in ("FAILED", "SUCCESS", "FAILED"):
        stage.run_through(state)
        await stage.discover()
    days = days_of(stage.at, stage.at)
    tally = add_up((await stage.tallies.load_days(["nightly"], days))["nightly"], NOON, NOON + timedelta(hours=1))
    assert (tally.runs, tally.failures, sum(tally.hints.values())) == (3, 2, 2)
    assert tally.median_s == pytest.approx(60, rel=0.05)
    (key,) = await stage.redis.keys(stage.scripts.key("discovery", "counted", "*"))
    assert 35 * 86_400 < await stage.redis.ttl(key) <= 36 * 86_400


async def test_an_end_that_two_processes_account_is_counted_once(stage: IncidentStage) -> None:
    """The second process changes nothing."""
    stage.at = stage.bolt.clock = NOON
    await stage.watch()
    stage.run_through("SUCCESS")
    await stage.work("discovery")
    await stage.work("looks")
    first = await stage.due["accounts"].claim(1)
    await stage.redis.zadd(stage.scripts.key("due", "accounts"), {"nightly": 1})
    second = await stage.due["accounts"].claim(1)
    assert first.lease is not None
    assert second.lease is not None
    for lease in (second.lease, first.lease):
        await stage.accountant().account_schedule(lease)
    days = await stage.tallies.load_days(["nightly", "hourly"], days_of(stage.at, stage.at))
    assert list(days) == ["nightly"]
    assert add_up(days["nightly"], NOON, NOON + timedelta(hours=1)).runs == 1


async def test_another_branch_says_nothing_about_a_failure_that_is_listed_late(stage: IncidentStage) -> None:
    """Only a newer success on the schedule's own branch means that it has recovered."""
    stage.run_through("SUCCESS")
    await stage.watch()
    late = stage.begin()
    stage.end(late, "FAILED")
    hidden = stage.bolt.runs_of["nightly"].pop(0)
    stage.run_through("SUCCESS", branch="feature")
    await stage.discover()
    stage.bolt.runs_of["nightly"].append(hidden)
    await stage.sweep()
    assert (await stage.incident()).state is IncidentState.FAILING


async def test_a_log_that_arrives_while_its_end_is_accounted_is_not_lost(stage: IncidentStage) -> None:
    """The schedule's revision changes, so the accounting that was in progress starts over."""
    await stage.watch()
    run = stage.run_through("FAILED")
    await stage.work("discovery")
    await stage.work("looks")
    await stage.poll()
    await stage.work("ends")
    key = stage.scripts.key("discovery", "of", "nightly")
    before = await stage.redis.hget(key, "rev")
    await log_arrives(stage, run)
    assert await stage.redis.hget(key, "rev") != before


async def test_counts_share_twelve_edits_a_minute_and_what_matters_goes_first(stage: IncidentStage) -> None:
    """One count is edited every five seconds, however many are waiting; a recovery doesn't wait for them."""
    for number in range(4):
        await stage.watch("nightly", f"C{number}")
    stage.run_through("FAILED")
    await stage.discover()
    assert stage.chat.edits == []
    stage.run_through("FAILED")
    await stage.discover()
    await stage.settle()
    assert len(stage.chat.edits) == 1
    stage.run_through("SUCCESS")
    await stage.discover()
    assert len(stage.chat.edits) == 5
    assert all("recovered after 2 failures" in stage.chat.in_channel(f"C{number}")[0] for number in range(4))


@pytest.mark.parametrize("other", [{"branch": "feature"}, {"pull_request": "7"}])
async def test_another_branch_that_succeeds_first_recovers_nothing(stage: IncidentStage, other: dict[str, str]) -> None:
    """Only a success that counts may be accounted for before a failure whose log is still being read."""
    await stage.watch()
    stage.run_through("FAILED")
    stage.end(stage.begin(**other), "SUCCESS")
    await _account_before_logs_are_read(stage)
    await stage.settle()
    assert (await stage.incident()).state is IncidentState.FAILING


async def test_a_success_recovers_a_failure_whose_log_is_read_later(stage: IncidentStage) -> None:
    """The incident recovers even if the newest run was cancelled, because a cancelled run decides nothing."""
    await stage.watch()
    stage.run_through("FAILED")
    stage.run_through("SUCCESS")
    stage.run_through("CANCELED")
    await _account_before_logs_are_read(stage)
    await stage.settle()
    assert (await stage.incident()).state is IncidentState.RECOVERED


async def _account_before_logs_are_read(stage: IncidentStage) -> None:
    for name in ("discovery", "looks", "accounts"):
        await stage.work(name)


@pytest.mark.parametrize("together", [True, False])
async def test_a_recovery_is_shown_although_another_incident_has_replaced_it(
    stage: IncidentStage, *, together: bool
) -> None:
    """The recovery is shown even if one look found the new failure as well, or if the edit was still waiting."""
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    first = (await stage.stored()).ts
    stage.run_through("SUCCESS")
    if not together:
        await stage.discovery_only()
    stage.pass_minutes(200)
    stage.run_through("FAILED")
    await stage.discover()
    await stage.settle()
    stored = await stage.stored()
    assert stored.incident.serial == 2
    assert "recovered" in stage.chat.posted[CHANNEL, first].text
    assert "failed" in stage.chat.posted[CHANNEL, stored.ts].text


async def test_a_log_that_arrives_late_counts_nothing_twice_after_a_very_long_run(stage: IncidentStage) -> None:
    """So many runs have begun since that the long run's end is no longer remembered among the newest."""
    await stage.watch()
    run, began = stage.begin(), stage.at
    await stage.discover()
    for _ in range(FINAL_KEPT + 20):
        stage.run_through("SUCCESS")
    await stage.discover()
    stage.end(run, "FAILED")
    status = stage.bolt.statuses[run]
    stage.bolt.statuses[run] = replace(status, commands=(replace(status.commands[0], started_at=began),))
    await poll_all(stage)
    assert (await stage.incident()).failures == 1
    await log_arrives(stage, run)
    assert (await stage.incident()).failures == 1


async def log_arrives(stage: IncidentStage, run: int) -> None:
    """The log of a run that has ended is read late."""
    stored = await stage.run(run)
    assert stored.end is not None
    await stage.redis.zadd(stage.scripts.key("due", "ends"), {f"w:{run}": 1})
    claimed = await stage.due["ends"].claim(1)
    assert claimed.lease is not None
    await stage.runs.late_log(claimed.lease, stored, stored.end)
    await stage.settle()


async def poll_all(stage: IncidentStage) -> None:
    """Poll every run, even if it isn't due yet."""
    polls = stage.scripts.key("due", "polls")
    for member in await stage.redis.zrange(polls, 0, -1):
        await stage.redis.zadd(polls, {str(member): 1})
    await stage.settle()


async def test_a_count_follows_within_five_minutes_of_an_edit_that_has_shown_the_one_before(
    stage: IncidentStage,
) -> None:
    """The edit for a new error has shown the count that was waiting; the next count follows within five minutes."""
    await stage.watch()
    for log in (COLUMN_LOG, COLUMN_LOG, COLUMN_LOG, DISK_LOG, COLUMN_LOG):
        stage.run_through("FAILED", log=log)
        await stage.discovery_only()
        if log is DISK_LOG or (await stage.incident()).failures < 3:
            await stage.settle()
    counts = stage.scripts.key("edits", "count", CHANNEL)
    (waiting,) = await stage.redis.zrange(counts, 0, -1, withscores=True)
    seconds, _ = await stage.redis.time()
    assert float(waiting[1]) / 1e6 <= seconds + 301
