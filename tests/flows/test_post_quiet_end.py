"""Posting the message at the end of quiet hours: once, however Slack answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.core.model.current import Current
from bot.core.model.errors import ChannelRefused, CredentialRefused, SlackRefused
from bot.core.model.watch import Quiet
from bot.core.policy.rules import Allow, Deny, Policy, Rule, Which
from bot.flows.whom_to_mention import IncidentPeople
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL

NIGHT, MORNING = datetime(2026, 12, 1, 23, tzinfo=UTC), datetime(2026, 12, 2, 7, tzinfo=UTC)


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A stage with a message about the end of quiet hours waiting in the lane."""
    stage = IncidentStage(one_redis, at=NIGHT)
    await stage.watch("*", quiet=Quiet("22:00", "07:00"), time_zone="UTC")
    stage.run_through("FAILED")
    await stage.discover()
    stage.at = stage.bolt.clock = MORNING
    await stage.work("quiet", whatever=True)
    return stage


async def test_it_is_posted_once(stage: IncidentStage) -> None:
    """After that, nothing is waiting."""
    assert await stage.post() == "quiet"
    assert await stage.post() is None
    assert len(stage.cards()) == 1


@pytest.mark.parametrize(
    "refused",
    [ChannelRefused("chat.postMessage", "not_in_channel"), CredentialRefused("chat.postMessage", "invalid_auth")],
)
async def test_a_refusal_that_can_end_delays_it(stage: IncidentStage, refused: Exception) -> None:
    """The message is posted once Slack accepts it."""
    stage.chat.faults.fail("post_message", refused)  # type: ignore[arg-type]
    assert await stage.post() == "quiet"
    assert stage.cards() == []
    await stage.posts.mark_reachable(CHANNEL)
    assert await stage.post() == "quiet"
    assert len(stage.cards()) == 1


async def test_a_message_that_slack_will_never_take_is_given_up(stage: IncidentStage) -> None:
    """A message that Slack will never accept isn't tried again."""
    stage.chat.faults.always["post_message"] = SlackRefused("chat.postMessage", "msg_too_long")
    assert await stage.post() == "quiet"
    assert await stage.post() is None


async def test_a_message_without_a_record_is_dropped(stage: IncidentStage) -> None:
    """The message's record has expired."""
    for key in await stage.redis.keys(stage.scripts.key("quiet", "*")):
        await stage.redis.delete(key)
    assert await stage.post() == "quiet"
    assert await stage.post() is None
    assert stage.cards() == []


async def test_what_the_policy_refuses_by_now_is_left_out(one_redis: Redis) -> None:
    """The policy is asked again when the message is posted."""
    stage = IncidentStage(one_redis, at=NIGHT)
    await stage.watch("*", quiet=Quiet("22:00", "07:00"), time_zone="UTC")
    for slug in ("nightly", "hourly"):
        stage.run_through("FAILED", slug)
    await stage.discover()
    stage.at = stage.bolt.clock = MORNING
    await stage.work("quiet", whatever=True)
    hourly = Rule("no", Deny("too noisy"), which=Which(schedules=("hourly",)))
    stage.current_policy = Current(Policy((hourly, Rule("all", Allow()))))
    stage.permissions = stage.new_permissions()
    stage.others["quiet"] = stage.quiet_end_poster(
        IncidentPeople(stage.people, stage.watches, stage.owner_mentions)
    ).post_quiet_end
    assert await stage.post() == "quiet"
    (message,) = stage.cards()
    assert "1 schedule is failing" in message
    assert "Hourly" not in message
