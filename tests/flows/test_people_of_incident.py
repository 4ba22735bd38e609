"""Whom an incident names, and whom its posts notify."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.incident import Incident
from bot.core.text.text import Group, Mention, Sentence
from bot.flows.people_of_incident import IncidentPeople
from tests.flows.incident_stage import IncidentStage


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("U0BOB", (Mention("U0BOB"),)), ("S0TEAM", (Group("S0TEAM", "@group"),)), ("none", ()), ("owner", ())],
)
async def test_the_deciding_watch_says_whom_to_notify(one_redis: Redis, wanted: str, expected: Sentence) -> None:
    """A person or a user group; an owner as soon as it's known who that is."""
    stage = IncidentStage(one_redis)
    watch = await stage.watch(mention=wanted)
    people = IncidentPeople(stage.people, stage.watches)
    incident = Incident(watch.channel, "nightly", "T", watch.number)
    assert await people.mention(incident) == expected
    assert await people.mention(replace(incident, watch=99)) == ()


async def test_names_are_read_where_slack_tells_them(one_redis: Redis) -> None:
    """An incident without people names nobody."""
    stage = IncidentStage(one_redis)
    assert await IncidentPeople(stage.people, stage.watches).names(Incident("C1", "nightly", "T", 1)) == {}
