"""Notices are posted once, however Slack answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.core.model.card import Card
from bot.core.model.errors import ChannelRefused, CredentialRefused, SlackRefused
from bot.core.model.run import CardRef
from bot.core.model.watch import Quiet
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A channel that watches every end, and a run that has ended."""
    stage = IncidentStage(one_redis)
    await stage.watch(only="ends")
    stage.run_through("SUCCESS")
    return stage


async def test_a_lost_reply_is_looked_for(stage: IncidentStage) -> None:
    """If the notice is found by the key in its metadata, it isn't posted again."""
    stage.chat.faults.lose("post_message")
    await stage.discover()
    await stage.settle()
    assert len(stage.cards()) == 1
    assert len(stage.chat.posted) == 1


@pytest.mark.parametrize(
    "error", [ChannelRefused("chat.postMessage", "is_archived"), CredentialRefused("chat.postMessage", "invalid_auth")]
)
async def test_it_waits_for_a_channel_and_for_a_token(stage: IncidentStage, error: SlackRefused) -> None:
    """The notice is posted once they work again."""
    stage.chat.refusing[CHANNEL] = error
    await stage.discover()
    assert stage.cards() == []
    stage.chat.refusing.clear()
    await stage.posts.mark_reachable(CHANNEL)
    await stage.settle()
    assert len(stage.cards()) == 1


async def test_what_slack_refuses_for_good_is_given_up(stage: IncidentStage) -> None:
    """The log says why, and the notice's record says so too, so that it isn't posted later either."""
    stage.chat.faults.fail("post_message", SlackRefused("chat.postMessage", "restricted_action"))
    with capture_logs() as lines:
        await stage.discover()
    assert [(line["channel"], line["why"]) for line in lines if line["log_level"] == "error"] == [
        (CHANNEL, "restricted_action")
    ]
    (record,) = await stage.redis.keys(stage.scripts.key("notice", CHANNEL, "*"))
    assert await stage.redis.hget(record, "post") == "done:restricted_action"
    name = str(record).rpartition(f"{CHANNEL}:")[2]
    lane = stage.scripts.key("posts", "line")
    await stage.redis.zadd(f"{lane}:{CHANNEL}", {f"notice/{CHANNEL}/{name}": 1})
    await stage.redis.zadd(lane, {CHANNEL: 1})
    assert await stage.post() == "notice"
    await stage.settle()
    assert stage.cards() == []


async def test_what_has_expired_is_dropped(stage: IncidentStage) -> None:
    """The channel has refused it for days."""
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "is_archived")
    await stage.discover()
    for key in await stage.redis.keys(stage.scripts.key("notice", "*")):
        await stage.redis.delete(key)
    stage.chat.refusing.clear()
    await stage.settle()
    assert stage.cards() == []
    assert await stage.redis.keys(stage.scripts.key("notice", "*")) == []
    card = Card("T:C1:1.0", "T", CardRef(CHANNEL, "1.0"), notice="C1:run:1")
    assert await stage.notice_poster.render(card) is None


async def test_a_late_schedule_is_reported_after_quiet_hours(one_redis: Redis) -> None:
    """Nothing is posted before they end."""
    stage = IncidentStage(one_redis, at=datetime.now(UTC).replace(hour=1, minute=0))
    quiet = Quiet("00:00", "06:00")
    stage.bolt.active = [replace(one, next_run_at=stage.at + timedelta(minutes=5)) for one in stage.bolt.active]
    await stage.watch(late_s=60, quiet=quiet, time_zone="UTC")
    stage.pass_minutes(7)
    await stage.discover()
    await stage.work("late", whatever=True)
    await stage.settle()
    assert stage.cards() == []
    stage.pass_minutes(300)
    await stage.settle()
    assert len(stage.cards()) == 1
