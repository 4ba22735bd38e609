"""Finding out who owns a schedule, by the owners file or by an email address that is looked up in advance."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import BotError, ScopeMissing, SlackOutcomeUnknown, SlackRefused, SlackThrottled
from bot.core.model.run_end import WatchedSchedule
from bot.core.watching.owners import Owners
from tests.flows.fakes import HOURLY, NIGHTLY, FakePeopleByAddress
from tests.flows.incident_stage import IncidentStage

ADA = WatchedSchedule("nightly", "Nightly", owner="ada@example.com")
FILE = Owners((("hour*", "S0HOURLY"),), {"ada@example.com": "U0FILE"})


def staged(redis: Redis, *owners: str, file: Owners | None = None) -> IncidentStage:
    """A stage with schedules of these owners; Slack only knows Ada."""
    stage = IncidentStage(redis, by_address=FakePeopleByAddress(ada="U0ADA"), owners_file=file or Owners())
    schedules = (NIGHTLY, HOURLY)
    stage.bolt.active = [
        replace(one, owner=owner, last_run_state="FAILED") for one, owner in zip(schedules, owners, strict=False)
    ]
    return stage


async def test_owners_are_looked_up_ahead_once(one_redis: Redis) -> None:
    """An address is looked up once for all its schedules; other processes know the result, and posts need no lookup."""
    stage = staged(one_redis, "ada@example.com", "Ada <ADA@example.com>")
    assert await stage.owners.owner_of(ADA) == ""
    await stage.watch("*")
    assert stage.by_address.asked == ["ada@example.com"]
    assert await stage.owner_finder().owner_of(ADA) == "U0ADA"
    stage.bolt.active = [replace(one, last_run_state="ERROR") for one in stage.bolt.active]
    await stage.discover()
    assert stage.by_address.asked == ["ada@example.com"]
    keys = [key for key in await one_redis.keys() if ":owner:" in str(key)]
    assert len(keys) == 1
    assert "ada" not in str(keys[0])
    assert 86_000 < await one_redis.ttl(keys[0]) <= 86_400


async def test_nobody_has_an_address(one_redis: Redis) -> None:
    """An unknown address is remembered as well, so it's looked up only once."""
    stage = staged(one_redis, "eve@example.com")
    await stage.watch("nightly")
    await stage.owners.look_ahead([replace(ADA, owner="eve@example.com")])
    assert await stage.work("owners") == 0
    assert stage.by_address.asked == ["eve@example.com"]


async def test_the_file_wins(one_redis: Redis) -> None:
    """Neither an owner whom the file names nor one without an address is looked up in Slack."""
    stage = staged(one_redis, "ada@example.com", "grace@example.com", file=FILE)
    await stage.watch("*")
    assert stage.by_address.asked == []
    assert await stage.owners.owner_of(ADA) == "U0FILE"
    assert await stage.owners.owner_of(WatchedSchedule("hourly", "Hourly")) == "S0HOURLY"
    named = WatchedSchedule("weekly", "Weekly", owner="data team")
    assert await stage.owners.owner_of(named) == ""
    await stage.owners.look_ahead([named])
    assert await stage.work("owners") == 0


async def test_a_schedule_that_does_well_waits_for_its_next_run(one_redis: Redis) -> None:
    """A healthy schedule's owner is looked up as soon as the schedule runs again."""
    stage = staged(one_redis, "ada@example.com")
    stage.bolt.active = [replace(one, last_run_state="SUCCESS") for one in stage.bolt.active]
    await stage.watch("nightly")
    assert stage.by_address.asked == []
    stage.begin()
    stage.bolt.active = [replace(one, last_run_state="RUNNING") for one in stage.bolt.active]
    await stage.discover()
    assert stage.by_address.asked == ["ada@example.com"]


async def test_nobody_is_looked_up_if_no_watch_mentions_owners(one_redis: Redis) -> None:
    """There's no need to send their addresses to Slack then."""
    stage = staged(one_redis, "ada@example.com")
    await stage.watch("nightly", mention="none")
    assert stage.by_address.asked == []


@pytest.mark.parametrize(
    ("error", "ttl_s", "again_s"),
    [
        (SlackRefused("users.lookupByEmail", "org_login_required"), 3600, None),
        (ScopeMissing("users.lookupByEmail", "missing_scope"), 3600, None),
        (SlackThrottled("users.lookupByEmail", 40), None, 40),
        (SlackOutcomeUnknown("users.lookupByEmail"), None, 30),
    ],
)
async def test_slack_may_not_say(one_redis: Redis, error: BotError, ttl_s: int | None, again_s: int | None) -> None:
    """A refusal is stored for an hour; after other errors, Slack is asked again, no sooner than it allows."""
    stage = staged(one_redis, "ada@example.com")
    stage.by_address.faults.fail("user_with", error)
    await stage.watch("nightly")
    assert await stage.owners.owner_of(ADA) == ""
    keys = [key for key in await one_redis.keys() if ":owner:" in str(key)]
    assert [await one_redis.ttl(key) for key in keys] == ([pytest.approx(ttl_s, abs=5)] if ttl_s else [])
    score = await one_redis.zscore(stage.scripts.key("due", "owners"), "nightly")
    seconds, _ = await one_redis.time()
    waits_s = None if score is None else score / 1e6 - seconds
    assert waits_s == (again_s if again_s is None else pytest.approx(again_s, abs=5))


async def test_a_schedule_that_nobody_watches_any_more_is_dropped(one_redis: Redis) -> None:
    """The owner of a schedule that's no longer watched isn't looked up."""
    stage = staged(one_redis, "ada@example.com")
    await stage.owners.look_ahead([ADA])
    assert await stage.work("owners") == 1
    assert stage.by_address.asked == []
    assert await stage.work("owners", whatever=True) == 0


async def test_an_owner_can_be_asked_for_now(one_redis: Redis) -> None:
    """An answer to a person needs the owner at once; the result is stored as well."""
    stage = staged(one_redis, "ada@example.com")
    stage.by_address.faults.fail("user_with", SlackOutcomeUnknown("users.lookupByEmail"))
    assert await stage.owners.find_now(ADA) is None
    assert await stage.owners.find_now(ADA) == "U0ADA"
    assert await stage.owners.find_now(ADA) == "U0ADA"
    assert stage.by_address.asked == ["ada@example.com"] * 2
    assert await stage.owners.find_now(replace(ADA, owner=None)) == ""
