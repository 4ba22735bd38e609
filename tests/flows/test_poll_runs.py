"""Polling: the states of many runs from one poll are stored at once, and each run becomes due again in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.core.model.bolt import BoltCommand, RunStatus
from bot.core.model.errors import ApiError, BoltError, BoltOutcomeUnknown, BoltRejected, BoltThrottled
from bot.core.model.polling import Polled
from bot.core.model.run import LOST, RunKey
from bot.core.runs.stray_rule import StrayRule
from bot.flows.poll_runs import FIELDS, PollRules, RunPoller
from bot.store.due_sets import Claimed, DueSet
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import follow_run

UNKNOWN = BoltRejected((ApiError("no such run"),))


class Api:
    """Answers a poll the way a test wants."""

    def __init__(self, answer: Polled | BoltError) -> None:
        self.answer = answer
        self.asked: list[int] = []

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """Record the question, and answer it."""
        self.asked = sorted(run_ids)
        if isinstance(self.answer, BoltError):
            raise self.answer
        return self.answer


async def polled(
    redis: Redis, answer: Polled | BoltError, *, runs: int = 1, rule: StrayRule | None = None
) -> tuple[Api, dict[str, float]]:
    """Poll runs that were just started; return the seconds until each is due again."""
    scripts = Scripts(redis, "test", retention_s=1000)
    for number in range(1, runs + 1):
        await follow_run(scripts, number, channel=f"C{number}")
    api = Api(answer)
    await poll(scripts, "polls", api, rule)
    return api, await due_in(scripts, "polls")


async def poll(scripts: Scripts, name: str, api: Api, rule: StrayRule | None = None) -> None:
    """Poll the runs that are due in a set, once."""
    due = DueSet(scripts, name, lease_s=10)
    claimed: Claimed = await due.claim(100, fields=FIELDS)
    assert claimed.lease is not None
    follow = RunPoller(
        api,  # type: ignore[arg-type]  # polls only
        Runs(scripts),
        {one: DueSet(scripts, one, lease_s=10) for one in ("polls", "strays")},
        PollRules("w", min_s=2, max_s=30, stray=rule or StrayRule()),
        mask=lambda text: text.replace("secret", "•••"),
        now=lambda: datetime.now(UTC),
    )
    await follow.poll_runs(claimed.lease, claimed.at_us, claimed.rows)


async def due_in(scripts: Scripts, name: str) -> dict[str, float]:
    """The seconds until each member of a due set is due."""
    seconds, micros = await scripts.redis.time()
    now = int(seconds) + int(micros) / 1e6
    found: list[Any] = list(await scripts.redis.zrange(scripts.key("due", name), 0, -1, withscores=True))
    return {str(member): float(score) / 1e6 - now for member, score in found}


async def make_due(scripts: Scripts, name: str) -> None:
    """Make everything in a due set due now."""
    key = scripts.key("due", name)
    for member in await scripts.redis.zrange(key, 0, -1):
        await scripts.redis.zadd(key, {str(member): 0})


async def test_many_runs_are_asked_for_at_once(redis_client: Redis) -> None:
    """Many runs are polled in one request; a run that is over is dropped, and an active one is due again."""
    answer = Polled({1: RunStatus("RUNNING"), 2: RunStatus("SUCCESS"), 3: RunStatus("DEPLOYING")})
    api, due = await polled(redis_client, answer, runs=3)
    assert api.asked == [1, 2, 3]
    assert sorted(due) == ["w:1", "w:3"]


async def test_a_run_that_has_just_begun_is_looked_at_soon(redis_client: Redis) -> None:
    """A card shouldn't say "is starting" for half a minute too long."""
    _, due = await polled(redis_client, Polled({1: RunStatus("STARTING")}))
    assert due["w:1"] <= 2


async def test_one_bad_run_is_set_aside_and_blinds_no_other(redis_client: Redis) -> None:
    """The bad run is polled alone and less often; runs that the poll didn't get to are due at once."""
    _, due = await polled(redis_client, Polled({1: RunStatus("RUNNING")}, {2: UNKNOWN}), runs=3)
    assert "w:2" not in due
    assert due["w:1"] <= 2
    assert due["w:3"] <= 0.5
    strays = await due_in(Scripts(redis_client, "test", retention_s=1000), "strays")
    assert list(strays) == ["w:2"]
    assert 25 < strays["w:2"] <= 30


async def test_a_run_that_bolt_knows_again_is_followed_with_the_others(redis_client: Redis) -> None:
    """A run for which Bolt returned an error is polled with the others again once Bolt returns its state."""
    api, _ = await polled(redis_client, Polled(failed={1: UNKNOWN}))
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await make_due(scripts, "strays")
    api.answer = Polled({1: RunStatus("RUNNING")})
    await poll(scripts, "strays", api)
    assert await due_in(scripts, "strays") == {}
    assert list(await due_in(scripts, "polls")) == ["w:1"]
    run = await Runs(scripts).load_run(RunKey("w", 1))
    assert run is not None
    assert run.seen.state == "RUNNING"
    assert await scripts.redis.hget(scripts.key("run", "w:1"), "unknown_us") is None


async def test_a_run_that_bolt_has_not_known_for_a_day_is_lost(redis_client: Redis) -> None:
    """Until then it's polled less and less often; afterward, it's concluded like any other end."""
    rule = StrayRule(least_s=30, most_s=1800, lost_after_s=86_400)
    api, _ = await polled(redis_client, Polled(failed={1: UNKNOWN}), rule=rule)
    scripts = Scripts(redis_client, "test", retention_s=1000)
    record = scripts.key("run", "w:1")
    for age_s, least_s, most_s in [(4 * 3600, 700, 725), (86_000, 1795, 1800)]:
        seconds, _micros = await redis_client.time()
        await redis_client.hset(record, "unknown_us", str((int(seconds) - age_s) * 1_000_000))
        await make_due(scripts, "strays")
        await poll(scripts, "strays", api, rule)
        assert least_s < (await due_in(scripts, "strays"))["w:1"] <= most_s
    await redis_client.hset(record, "unknown_us", str((int(seconds) - 86_401) * 1_000_000))
    await make_due(scripts, "strays")
    await poll(scripts, "strays", api, rule)
    run = await Runs(scripts).load_run(RunKey("w", 1))
    assert run is not None
    assert run.seen.state == LOST
    assert await due_in(scripts, "strays") == {}
    assert await due_in(scripts, "polls") == {}
    assert list(await due_in(scripts, "ends")) == ["w:1"]


async def test_an_error_for_nearly_every_run_is_none_of_theirs(redis_client: Redis) -> None:
    """If Bolt fails for nearly all of them, they're polled later, all together."""
    failed: dict[int, BoltError] = dict.fromkeys(range(2, 7), UNKNOWN)
    _, due = await polled(redis_client, Polled({1: RunStatus("RUNNING")}, failed), runs=6)
    assert len(due) == 6
    assert all(due[f"w:{number}"] > 25 for number in failed)


@pytest.mark.parametrize(("error", "least_s", "most_s"), [(BoltOutcomeUnknown(), 2, 5), (BoltThrottled(17), 10, 17)])
async def test_a_bolt_that_does_not_answer_is_asked_later(
    redis_client: Redis, error: BoltError, least_s: float, most_s: float
) -> None:
    """All runs are due again a little later, and nothing is polled before that."""
    _, due = await polled(redis_client, error, runs=2)
    assert all(least_s < wait_s <= most_s for wait_s in due.values())
    held = await DueSet(Scripts(redis_client, "test", retention_s=1000), "polls", lease_s=10).claim(9)
    assert held.lease is None


@pytest.mark.parametrize("name", ["polls", "strays"])
async def test_a_retry_after_holds_strays_and_the_others(redis_client: Redis, name: str) -> None:
    """If Bolt throttles a batch of either kind, both kinds wait; a stray goes back to its own set for that time."""
    api, _ = await polled(redis_client, Polled({1: RunStatus("RUNNING")}, {2: UNKNOWN}), runs=3)
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await make_due(scripts, name)
    api.answer = BoltThrottled(17)
    await poll(scripts, name, api)
    assert all(10 < wait_s <= 17 for wait_s in (await due_in(scripts, name)).values())
    for one in ("polls", "strays"):
        await make_due(scripts, one)
        assert (await DueSet(scripts, one, lease_s=10).claim(9)).lease is None


async def test_a_stray_is_asked_for_again_soon_after_an_outage(redis_client: Redis) -> None:
    """The stray run doesn't wait until its claim expires."""
    api, _ = await polled(redis_client, Polled({1: RunStatus("RUNNING")}, {2: UNKNOWN}), runs=3)
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await make_due(scripts, "strays")
    api.answer = BoltOutcomeUnknown()
    await poll(scripts, "strays", api)
    assert 2 < (await due_in(scripts, "strays"))["w:2"] <= 5


async def test_commands_are_masked_before_they_are_stored(redis_client: Redis) -> None:
    """Stored commands may be shown anywhere."""
    began = datetime.now(UTC) - timedelta(seconds=5)
    await polled(redis_client, Polled({1: RunStatus("RUNNING", (BoltCommand(1, "git clone secret", began),))}))
    run = await Runs(Scripts(redis_client, "test", retention_s=1000)).load_run(RunKey("w", 1))
    assert run is not None
    assert run.seen.commands[0].text == "git clone •••"
