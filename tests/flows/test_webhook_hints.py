"""A webhook makes a run due now, and nothing else in it is trusted."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import BoltError, BoltNotSent, BoltRejected
from bot.core.model.run import RunKey
from bot.core.model.webhook_payload import WebhookHint
from bot.flows.webhook_hints import LOOKUPS_MOST, WebhookHints
from bot.store.discovery_hints import DiscoveryHints
from bot.store.due_sets import DueSet
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.flows.fakes import FakeBolt
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import Wake
from tests.store.record import follow_run


class Stage:
    """A run that is followed, and is not due yet."""

    def __init__(self, redis: Redis) -> None:
        self.scripts, self.bolt = Scripts(redis, "test", retention_s=1000), FakeBolt()
        self.woken: list[str] = []
        self.hints = WebhookHints(
            self.bolt,
            Runs(self.scripts),
            DiscoveryHints(self.scripts),
            workspace="w",
            woken=Wake("polls", self.woken),
            listing_woken=Wake("discovery", self.woken),
            gap_s=0,
        )

    async def follow(self) -> None:
        """Follow run 7; its next poll is far away."""
        await follow_run(self.scripts, 7)
        await self.scripts.redis.zadd(self.scripts.key("due", "polls"), {RunKey("w", 7).name: 9e15})

    async def due(self) -> tuple[str, ...]:
        """The runs that would be polled now."""
        claimed = await DueSet(self.scripts, "polls", lease_s=10).claim(9)
        return claimed.lease.members if claimed.lease else ()

    async def settle(self) -> None:
        """Let all lookups finish."""
        await asyncio.gather(*self.hints._lookups.values())


@pytest.fixture
async def stage(one_redis: Redis) -> Stage:
    """A stage with a followed run."""
    made = Stage(one_redis)
    await made.follow()
    return made


async def test_a_named_run_is_polled_now(stage: Stage) -> None:
    """The worker is woken."""
    await stage.hints.take_hint(WebhookHint(runs=(7,)))
    assert await stage.due() == ("w:7",)
    assert stage.woken == ["polls"]


async def test_a_run_that_nobody_follows_is_not_followed_for_a_hint(stage: Stage) -> None:
    """Otherwise a sender could make the bot poll anything."""
    await stage.hints.take_hint(WebhookHint(runs=(8,)))
    assert await stage.due() == ()
    assert stage.woken == []


async def test_a_commands_run_is_known_from_a_poll_or_asked_for(stage: Stage) -> None:
    """A command's run is looked up only once at a time, after the sender has been answered."""
    stage.bolt.known[70] = 7
    await stage.hints.take_hint(WebhookHint(command=70))
    assert await stage.due() == ("w:7",)
    assert stage.bolt.reads == []
    stage.bolt.run_ids[71] = 7
    await stage.scripts.redis.zadd(stage.scripts.key("due", "polls"), {RunKey("w", 7).name: 9e15})
    for _ in range(3):
        await stage.hints.take_hint(WebhookHint(command=71))
    await stage.settle()
    assert await stage.due() == ("w:7",)
    assert stage.bolt.reads == [("run_of_command", 71)]


@pytest.mark.parametrize("error", [BoltNotSent(), BoltRejected(())])
async def test_a_look_up_that_fails_hurts_nobody(stage: Stage, error: BoltError) -> None:
    """The run is polled when it's due."""
    stage.bolt.faults.fail("run_of_command", error)
    await stage.hints.take_hint(WebhookHint(command=71))
    await stage.settle()
    assert await stage.due() == ()


async def test_a_flood_asks_bolt_a_few_things_at_once(stage: Stage) -> None:
    """The other runs are polled when they're due; lookups end with the process."""
    for command in range(LOOKUPS_MOST + 5):
        await stage.hints.take_hint(WebhookHint(command=1000 + command))
    assert len(stage.hints._lookups) == LOOKUPS_MOST
    await stage.hints.close()
    assert not stage.hints._lookups


@pytest.fixture
async def watched(one_redis: Redis) -> IncidentStage:
    """A channel watches a schedule, and the next listing isn't due for a while."""
    made = IncidentStage(one_redis)
    await made.watch()
    await list_schedules(made)
    return made


async def list_schedules(stage: IncidentStage) -> bool:
    """List the schedules if that's due, and look at those that are due; return whether anything was listed."""
    claimed = await stage.due["discovery"].claim(1)
    if claimed.lease is None:
        return False
    await stage.steps["discovery"](claimed.lease)
    await stage.work("looks")
    await stage.settle()
    return True


def hints_of(stage: IncidentStage, woken: list[str]) -> WebhookHints:
    """Hints for the flows of watches."""
    return WebhookHints(
        stage.bolt,
        stage.runs,
        stage.hints,
        workspace="w",
        woken=Wake("polls", woken),
        listing_woken=Wake("discovery", woken),
        gap_s=0,
    )


async def test_a_run_that_is_not_on_record_is_listed_and_told_at_once(watched: IncidentStage) -> None:
    """Without the hint, nothing would be listed for several seconds."""
    run = watched.run_through("FAILED")
    woken: list[str] = []
    assert not await list_schedules(watched)
    await hints_of(watched, woken).take_hint(WebhookHint(runs=(run,)))
    assert woken == ["discovery"]
    assert await list_schedules(watched)
    assert len(watched.cards()) == 1


async def test_a_run_that_the_activity_does_not_show_is_looked_for_everywhere(watched: IncidentStage) -> None:
    """The unknown run's schedule may have a newer run already."""
    before = sum(method == "newest_runs" for method, _ in watched.bolt.reads)
    await hints_of(watched, []).take_hint(WebhookHint(runs=(999,)))
    assert await list_schedules(watched)
    assert sum(method == "newest_runs" for method, _ in watched.bolt.reads) == before + 1


async def test_a_discovered_runs_hint_polls_it(watched: IncidentStage) -> None:
    """The schedules aren't listed for such a hint."""
    run = watched.begin()
    await watched.discover()
    await list_schedules(watched)
    watched.end(run, "FAILED")
    woken: list[str] = []
    await hints_of(watched, woken).take_hint(WebhookHint(runs=(run,)))
    assert woken == ["polls"]
    await watched.settle()
    assert len(watched.cards()) == 1
