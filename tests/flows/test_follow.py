"""Following: what one poll tells of many runs is stored in one go, and each is due again when it should be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.bolt import Command, RunStatus
from bot.core.errors import ApiError, BoltError, BoltLost, BoltRejected, BoltThrottled
from bot.core.run import RunKey
from bot.flows.follow import FIELDS, Follow
from bot.flows.ports import Polled
from bot.store.due import Claimed, DueSet
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import follow_run


class Api:
    """Answers a poll as it is told to."""

    def __init__(self, answer: Polled | BoltError) -> None:
        self.answer = answer
        self.asked: list[int] = []

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """Take the question down, and answer."""
        self.asked = sorted(run_ids)
        if isinstance(self.answer, BoltError):
            raise self.answer
        return self.answer


async def polled(redis: Redis, answer: Polled | BoltError, *, runs: int = 1) -> tuple[Api, dict[str, float]]:
    """Poll some runs that were just started; in how many seconds each is due again."""
    scripts = Scripts(redis, "test", retention_s=1000)
    for number in range(1, runs + 1):
        await follow_run(scripts, number, channel=f"C{number}")
    due, api = DueSet(scripts, "polls", lease_s=10), Api(answer)
    claimed: Claimed = await due.claim(100, fields=FIELDS)
    assert claimed.lease is not None
    follow = Follow(
        api,  # type: ignore[arg-type]  # polls only
        Runs(scripts),
        due,
        workspace="w",
        mask=lambda text: text.replace("secret", "•••"),
        now=lambda: datetime.now(UTC),
        poll_min_s=2,
        poll_max_s=30,
    )
    await follow.poll(claimed.lease, claimed.at_us, claimed.rows)
    seconds, micros = await redis.time()
    now = seconds + micros / 1e6
    names = [str(name) for name in await redis.zrange(scripts.key("due", "polls"), 0, -1)]
    scores = await redis.zmscore(scripts.key("due", "polls"), names) if names else []
    return api, {name: float(score or 0) / 1e6 - now for name, score in zip(names, scores, strict=True)}


async def test_many_runs_are_asked_for_at_once(redis_client: Redis) -> None:
    """One request; a run that is over leaves, one that goes on is due again."""
    answer = Polled({1: RunStatus("RUNNING"), 2: RunStatus("SUCCESS"), 3: RunStatus("DEPLOYING")})
    api, due = await polled(redis_client, answer, runs=3)
    assert api.asked == [1, 2, 3]
    assert sorted(due) == ["w:1", "w:3"]


async def test_a_run_that_has_just_begun_is_looked_at_soon(redis_client: Redis) -> None:
    """Nobody should read "is starting" for half a minute too long."""
    _, due = await polled(redis_client, Polled({1: RunStatus("STARTING")}))
    assert due["w:1"] <= 2


async def test_one_bad_run_is_set_aside_and_blinds_no_other(redis_client: Redis) -> None:
    """It is asked for again, more seldom; what was not asked is due at once."""
    error = BoltRejected((ApiError("no such run"),))
    _, due = await polled(redis_client, Polled({1: RunStatus("RUNNING")}, {2: error}), runs=3)
    assert 25 < due["w:2"] <= 30
    assert due["w:1"] <= 2
    assert due["w:3"] <= 0.5


@pytest.mark.parametrize(("error", "least_s", "most_s"), [(BoltLost(), 2, 5), (BoltThrottled(17), 10, 17)])
async def test_a_bolt_that_does_not_answer_is_asked_later(
    redis_client: Redis, error: BoltError, least_s: float, most_s: float
) -> None:
    """Nothing is stored, nothing is lost, and a Retry-After holds for everyone."""
    _, due = await polled(redis_client, error, runs=2)
    assert all(least_s < wait_s <= most_s for wait_s in due.values())
    held = await DueSet(Scripts(redis_client, "test", retention_s=1000), "polls", lease_s=10).claim(9)
    assert held.lease is None


async def test_commands_are_masked_before_they_are_stored(redis_client: Redis) -> None:
    """What is on record may be shown anywhere."""
    began = datetime.now(UTC) - timedelta(seconds=5)
    await polled(redis_client, Polled({1: RunStatus("RUNNING", (Command(1, "git clone secret", began),))}))
    run = await Runs(Scripts(redis_client, "test", retention_s=1000)).load(RunKey("w", 1))
    assert run is not None
    assert run.seen.commands[0].text == "git clone •••"
