"""The owners that a new watch couldn't mention."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from bot.core.model.channel import MemberChannels
from bot.core.model.errors import SlackOutcomeUnknown
from bot.core.model.person import Person, Role
from bot.core.model.run_end import WatchedSchedule
from bot.core.watching.owners import Owners
from bot.core.watching.unreached_owners import UnreachedOwners
from bot.flows.check_owners import OWNERS_MOST, OwnerChecker
from tests.flows.fakes import FakePeopleByAddress
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL


def of(*owners: str | None) -> list[WatchedSchedule]:
    """Schedules of these owners."""
    return [WatchedSchedule(f"s{number}", "S", owner=owner) for number, owner in enumerate(owners)]


async def test_owners_are_here_elsewhere_or_unknown(one_redis: Redis) -> None:
    """Each owner is looked up once. If Slack doesn't answer, addresses aren't reported; groups never are."""
    people = FakePeopleByAddress(ada="U0ADA", eve="U0EVE")
    stage = IncidentStage(one_redis, by_address=people, owners_file=Owners((), {"data": "S0DATA"}))
    stage.memberships.channels = MemberChannels({CHANNEL: ""})
    stage.people.people["U0EVE"] = Person("U0EVE", frozenset({Role.EXTERNAL}), name="eve_x")
    checker = OwnerChecker(stage.owners, stage.owner_mentions)
    schedules = of("ada@example.com", "Data", "eve@example.com", "bob@example.com", "Bob@example.com", None, "ops")
    assert await checker.unreached(CHANNEL, schedules) == UnreachedOwners(("eve_x",), ("bob", "ops"), 5, 5)
    assert sorted(people.asked) == ["ada@example.com", "bob@example.com", "eve@example.com"]
    people.faults.fail("user_with", SlackOutcomeUnknown("users.lookupByEmail"))
    assert await checker.unreached(CHANNEL, of("new@example.com")) == UnreachedOwners((), (), 0, 1)


async def test_only_some_owners_are_checked(one_redis: Redis) -> None:
    """Both the number of owners checked and the time for it are limited."""
    stage = IncidentStage(one_redis)
    many = of(*(f"Team {number}" for number in range(OWNERS_MOST + 3)))
    found = await OwnerChecker(stage.owners, stage.owner_mentions).unreached(CHANNEL, many)
    assert (len(found.unknown), found.checked, found.all) == (OWNERS_MOST, OWNERS_MOST, OWNERS_MOST + 3)
    stage.by_address.waits = asyncio.Event()
    hasty = OwnerChecker(stage.owners, stage.owner_mentions, within_s=0.05)
    assert await hasty.unreached(CHANNEL, of("ada@example.com", "ops")) == UnreachedOwners((), ("ops",), 1, 2)
