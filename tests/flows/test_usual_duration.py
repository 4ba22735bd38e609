"""When a run that was started elsewhere is expected to end, judging by similar runs only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand, RunStatus, RunSummary, Schedule
from bot.core.model.run import RunFacts, RunKey
from bot.flows.follow_run import FollowRequestHandler
from bot.flows.links import Links
from bot.flows.private_replies import PrivateReplies
from bot.flows.read_followed_run import FollowedRunReader
from bot.flows.run_listings import RunListings
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.store.due_sets import DueSet
from bot.store.run_followers import RunFollowers
from bot.store.runs import Runs
from bot.store.scripts import Scripts

BEGAN = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
RUN = RunKey("w", 9)
OWN = ("dbt run", "dbt test")


def success(run_id: int, minutes: int, *, retries: int | None = None) -> RunSummary:
    """A run that took this long."""
    return RunSummary(run_id, "SUCCESS", "a", None, retries, BEGAN, BEGAN + timedelta(minutes=minutes))


class Api:
    """A schedule with an hour-long run, and short ones: a retry, and two with other commands."""

    def __init__(self, commands: tuple[str, ...], retries: int | None = None) -> None:
        self._commands = commands
        self._followed = RunSummary(RUN.id, "RUNNING", "Bolt scheduler", None, retries, BEGAN)

    async def status(self, run_id: int) -> RunStatus:
        """The run is running."""
        commands = tuple(BoltCommand(at, text, BEGAN) for at, text in enumerate(self._commands))
        del run_id
        return RunStatus("RUNNING", commands)

    async def runs(self, slug: str, limit: int) -> list[RunSummary]:
        """The schedule's runs, newest first."""
        del slug, limit
        return [self._followed, success(8, 1, retries=7), *(success(number, 1) for number in (6, 5)), success(2, 60)]

    async def schedules(self) -> list[Schedule]:
        """The only schedule."""
        return [Schedule(1, "u", "Nightly", "nightly", "OFF", "ui", commands=OWN)]


@pytest.mark.parametrize(
    ("commands", "retries", "expected"),
    [
        (("git clone x", "dbt run"), None, 3600),
        (("git clone x",), None, 3600),
        # The schedule's usual duration says nothing about a run with other commands, or about a retry.
        (("git clone x", "dbt snapshot"), None, None),
        (("git clone x", "dbt run"), 7, None),
    ],
)
async def test_the_expected_end_of_a_followed_run(
    redis_client: Redis, commands: tuple[str, ...], retries: int | None, expected: float | None
) -> None:
    """The usual duration comes from full runs with the schedule's own commands, and is expected only of such runs."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    for number in (6, 5):
        facts = json.dumps({"overridden": True})
        await redis_client.hset(scripts.key("run", f"w:{number}"), mapping={"rev": "1", "facts": facts})
    api, runs, due = Api(commands, retries), Runs(scripts), DueSet(scripts, "watches", lease_s=10)
    followers = RunFollowers(scripts)
    catalog, listings = ScheduleCatalog(api), RunListings(api)  # type: ignore[arg-type]
    adopt = FollowRequestHandler(
        followers,
        runs,
        due,
        PrivateReplies(None),  # type: ignore[arg-type]
        FollowedRunReader(api, runs, catalog, listings, mask=lambda text: text),  # type: ignore[arg-type]
        Links("https://bolt.test", lambda _card: None),
        follow_requested=lambda: None,
    )
    await adopt.request_follow(Asker("T", "U1", "A"), RUN, RunFacts(slug="nightly"))
    claimed = await due.claim(1)
    assert claimed.lease is not None
    await adopt.advance_follow_request(claimed.lease)
    run = await runs.load_run(RUN)
    assert run is not None
    assert run.facts.usual_s == expected
