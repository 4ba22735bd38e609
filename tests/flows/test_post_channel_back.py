"""The one message about what happened while the bot couldn't post in a channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.core.model.channel_back import ChannelBack
from bot.core.model.errors import ChannelRefused, SlackOutcomeUnknown, SlackRefused
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Deny, Rule, Which
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import ADA, CHANNEL


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis)


async def back(stage: IncidentStage, *, always: bool = True) -> None:
    """Record that the bot can post again."""
    await stage.incidents.channel_back(CHANNEL, ChannelBack(stage.at, always))


async def test_it_is_posted_once_even_if_slack_loses_the_reply(stage: IncidentStage) -> None:
    """A message whose reply was lost is found by its key."""
    await back(stage)
    stage.chat.faults.lose("post_message")
    for _ in range(4):
        await stage.post()
    assert len(stage.cards()) == 1
    assert await stage.incidents.load_channel_back(CHANNEL) is None


async def test_it_waits_for_a_channel_that_refuses(stage: IncidentStage) -> None:
    """The bot was removed again, so the message is posted later."""
    await back(stage)
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "not_in_channel")
    await stage.post()
    stage.chat.refusing.clear()
    await stage.posts.mark_reachable(CHANNEL)
    await stage.post()
    assert len(stage.cards()) == 1


async def test_another_refusal_drops_it(stage: IncidentStage) -> None:
    """A message that Slack will never accept isn't tried again; the log says so."""
    await back(stage)
    stage.chat.faults.always["post_message"] = SlackRefused("chat.postMessage", "invalid_arguments")
    with capture_logs() as lines:
        await stage.post()
    assert [(line["log_level"], line["channel"], line["why"]) for line in lines] == [
        ("error", CHANNEL, "invalid_arguments")
    ]
    assert await stage.incidents.load_channel_back(CHANNEL) is None
    assert await stage.post() is None


async def test_nothing_to_report(stage: IncidentStage) -> None:
    """Nothing is posted in an archived channel that came back without any news."""
    await back(stage, always=False)
    await stage.post()
    assert stage.cards() == []


@pytest.mark.parametrize("minutes", [0, 10, -10], ids=["right", "ahead", "behind"])
async def test_what_had_recovered_before_is_no_news(one_redis: Redis, minutes: int) -> None:
    """The recovery had been reported, and only its message was out of date. The bot's clock differs from Bolt's."""
    stage = IncidentStage(one_redis, ahead=timedelta(minutes=minutes))
    await stage.watch()
    for state in ("FAILED", "SUCCESS"):
        stage.run_through(state)
        await stage.discover()
    stage.pass_minutes(1)
    await stage.redis.sadd(stage.scripts.key("incident", "behind", CHANNEL), "nightly")
    assert await stage.incidents.channel_back(CHANNEL, ChannelBack(stage.our_time())) == ["nightly"]
    await stage.post()
    assert stage.cards()[-1] == "I can post here again, and I'm watching as before. Nothing I watch here is failing."


@pytest.mark.parametrize("minutes", [0, 10, -10], ids=["right", "ahead", "behind"])
async def test_what_has_recovered_in_an_outage_is_reported(one_redis: Redis, minutes: int) -> None:
    """Only the outage has a message, so no single incident's post was withheld, and the time of recovery decides."""
    stage = IncidentStage(one_redis, ahead=timedelta(minutes=minutes))
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    away_since = stage.our_time()
    await stage.redis.hset(stage.scripts.key("incident", CHANNEL, "nightly"), "outage", "1")
    stage.run_through("SUCCESS")
    await stage.discover()
    await stage.redis.sadd(stage.scripts.key("incident", "behind", CHANNEL), "nightly")
    await stage.incidents.channel_back(CHANNEL, ChannelBack(away_since))
    await stage.settle()
    assert "1 schedule has failed and recovered since" in stage.cards()[-1]


async def test_what_the_policy_refuses_is_left_out(one_redis: Redis) -> None:
    """The policy is asked again before posting."""
    hourly = Rule("no", Deny("no"), which=Which(schedules=("hourly",)))
    stage = IncidentStage(one_redis)
    await stage.watch("*", made_by=ADA)
    for slug in ("nightly", "hourly"):
        stage.run_through("FAILED", slug)
        await stage.discover()
    strict = IncidentStage(
        one_redis, policy=replace(DEFAULT_POLICY, rules=(hourly, *DEFAULT_POLICY.rules)), at=stage.at
    )
    await back(strict)
    await strict.post()
    (message,) = strict.cards()
    assert "1 schedule is failing now" in message
    assert "Hourly" not in message


async def test_a_lost_answer_is_no_reason_to_give_up(stage: IncidentStage) -> None:
    """The outcome was unknown, and the message is posted once."""
    await back(stage)
    stage.chat.faults.fail("post_message", SlackOutcomeUnknown("chat.postMessage"))
    for _ in range(6):
        await stage.post()
    assert len(stage.cards()) == 1
