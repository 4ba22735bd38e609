"""The people whom an incident names, and those whom its posts notify."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.channel import MemberChannels
from bot.core.model.incident import Incident
from bot.core.model.person import Person
from bot.core.text.text import Group, Mention, Sentence
from bot.core.watching.owners import Owners
from bot.flows.whom_to_mention import IncidentPeople
from tests.flows.incident_stage import IncidentStage


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("U0BOB", (Mention("U0BOB"),)), ("S0TEAM", (Group("S0TEAM", "@group"),)), ("none", ()), ("owner", ())],
)
async def test_the_deciding_watch_says_whom_to_notify(one_redis: Redis, wanted: str, expected: Sentence) -> None:
    """A person or a user group is notified; if the schedule has no owner, "owner" notifies nobody."""
    stage = IncidentStage(one_redis)
    watch = await stage.watch(mention=wanted)
    people = IncidentPeople(stage.people, stage.watches, stage.owner_mentions)
    incident = Incident(watch.channel, "nightly", "T", watch.number)
    assert await people.mention(incident) == expected
    assert await people.mention(replace(incident, watch=99)) == ()


async def test_names_are_read_where_slack_tells_them(one_redis: Redis) -> None:
    """An incident without people has no names; an owner's username is listed under the name that Bolt has."""
    stage = IncidentStage(one_redis, owners_file=Owners((), {"ada@example.com": "U0ADA"}))
    stage.people.people["U0ADA"] = Person("U0ADA", name="ada_l")
    people, incident = IncidentPeople(stage.people, stage.watches, stage.owner_mentions), Incident("C1", "n", "T", 1)
    assert await people.names(incident) == {}
    assert await people.names(replace(incident, owner="ada@example.com")) == {"ada@example.com": "ada_l"}


async def test_the_owner_is_mentioned_or_named(one_redis: Redis) -> None:
    """The owner is mentioned if a mention reaches them, and named otherwise."""
    stage = IncidentStage(one_redis, owners_file=Owners((), {"ada": "U0ADA"}))
    watch = await stage.watch()
    people = IncidentPeople(stage.people, stage.watches, stage.owner_mentions)
    incident = Incident(watch.channel, "nightly", "T", watch.number, owner="Ada")
    assert await people.mention(incident) == ("owner Ada",)
    stage.memberships.channels = MemberChannels({watch.channel: ""})
    assert await people.mention(incident) == (Mention("U0ADA"),)
