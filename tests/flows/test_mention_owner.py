"""The people whom an incident's post notifies if it mentions the owner, and those named in plain text."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.channel import MemberChannels
from bot.core.model.person import Person, Role
from bot.core.model.run_end import WatchedSchedule
from bot.core.text.text import Group, Mention, Sentence
from bot.core.watching.owners import Owners
from bot.flows.mention_owner import OwnerMentions
from tests.flows.fakes import FakeMemberships
from tests.flows.incident_stage import IncidentStage

CHANNEL = "C1"
HERE, ELSEWHERE = MemberChannels({CHANNEL: "data"}), MemberChannels({"C2": "other"})
UNSURE = MemberChannels(whole=False, missing="Slack is away")
PLAIN: Sentence = ("owner ada",)
NOTIFIED: Sentence = (Mention("U0ADA"),)


def mentions(redis: Redis, memberships: FakeMemberships, person: Person, who: str = "U0ADA") -> OwnerMentions:
    """The flow with an owners file."""
    stage = IncidentStage(redis, memberships=memberships, owners_file=Owners((), {"ada@example.com": who}))
    stage.people.people[person.user] = person
    return stage.owner_mentions


@pytest.mark.parametrize(
    ("channels", "in_list", "roles", "expected"),
    [
        (HERE, None, {Role.MEMBER}, NOTIFIED),
        (HERE, None, {Role.GUEST}, NOTIFIED),
        (HERE, None, None, NOTIFIED),
        (HERE, None, set(), PLAIN),
        (HERE, None, {Role.EXTERNAL}, PLAIN),
        (ELSEWHERE, True, {Role.GUEST}, PLAIN),
        (ELSEWHERE, True, {Role.MEMBER}, PLAIN),
        (UNSURE, True, {Role.MEMBER}, NOTIFIED),
        (UNSURE, False, {Role.MEMBER}, PLAIN),
        (UNSURE, None, {Role.MEMBER}, NOTIFIED),
    ],
)
async def test_who_is_reached_is_mentioned(
    one_redis: Redis, channels: MemberChannels, *, in_list: bool | None, roles: set[Role] | None, expected: Sentence
) -> None:
    """Owners who are deactivated, foreign or not in the channel are only named; if in doubt, they're mentioned."""
    memberships = FakeMemberships()
    memberships.channels, memberships.members[CHANNEL, "U0ADA"] = channels, in_list
    person = Person("U0ADA", None if roles is None else frozenset(roles), name="ada")
    owners = mentions(one_redis, memberships, person)
    assert await owners.mention(CHANNEL, WatchedSchedule("n", "N", owner="ada@example.com")) == expected


async def test_a_direct_message_is_one_persons(one_redis: Redis) -> None:
    """A direct message isn't in any list of channels, so its membership is looked up."""
    memberships = FakeMemberships({"D1": ""})
    owners = mentions(one_redis, memberships, Person("U0ADA", frozenset({Role.MEMBER}), name="ada"))
    schedule = WatchedSchedule("n", "N", owner="ada@example.com")
    memberships.members["D1", "U0ADA"] = False
    assert await owners.mention("D1", schedule) == PLAIN
    memberships.members["D1", "U0ADA"] = True
    assert await owners.mention("D1", schedule) == NOTIFIED


async def test_a_group_is_always_mentioned(one_redis: Redis) -> None:
    """A group is mentioned even if none of its members is in the channel. Plain text has the owner's name in Bolt."""
    owners = mentions(one_redis, FakeMemberships(), Person("U0ADA"), who="S0DATA")
    schedule = WatchedSchedule("n", "N", owner="Ada@example.com")
    assert await owners.mention(CHANNEL, schedule) == (Group("S0DATA", "@group"),)
    assert await owners.name(schedule) == "Ada"


@pytest.mark.parametrize(
    ("owner", "expected", "name"),
    [
        ("ada@example.com", ("owner ada_l",), "ada_l"),
        ("eve@example.com", ("owner eve",), "eve"),
        ("Eve <eve@example.com>", ("owner Eve",), "Eve"),
        ("Data platform", ("owner Data platform",), "Data platform"),
        (None, (), ""),
    ],
)
async def test_addresses_are_never_posted(one_redis: Redis, owner: str | None, expected: Sentence, name: str) -> None:
    """The username is posted if it's known, else the part before the @."""
    owners = mentions(one_redis, FakeMemberships({"C2": ""}), Person("U0ADA", frozenset({Role.MEMBER}), name="ada_l"))
    schedule = WatchedSchedule("n", "N", owner=owner)
    assert await owners.mention(CHANNEL, schedule) == expected
    assert await owners.name(schedule) == name
