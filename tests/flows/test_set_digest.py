"""Setting, switching off and showing a channel's digest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import ChannelRefused
from bot.core.model.person import Person, Role
from tests.core.views.plain import said
from tests.flows.digest_stage import MONDAY, DigestStage
from tests.flows.stage import ADA, CHANNEL


@pytest.fixture
async def stage(one_redis: Redis) -> DigestStage:
    """A channel that watches everything."""
    stage = DigestStage(one_redis)
    await stage.watch("*")
    return stage


async def type_(stage: DigestStage, text: str, **options: str) -> str:
    """Type a command; return the answer in words."""
    return said((await stage.type(text, **options)).text)


async def due_at(stage: DigestStage) -> datetime:
    """When the channel's digest is due."""
    score = await stage.redis.zscore(stage.scripts.key("due", "reports"), CHANNEL)
    assert score is not None
    return datetime.fromtimestamp(score / 1e6, UTC)


async def test_it_is_due_by_the_clock_of_whoever_sets_it(stage: DigestStage) -> None:
    """The time zone is the person's, or UTC if Slack doesn't know it; another one can be named."""
    assert "every day at 09:00 (UTC)" in await type_(stage, "digest daily")
    assert await due_at(stage) == datetime(2026, 11, 30, 9, tzinfo=UTC)
    stage.people.people[ADA] = Person(ADA, frozenset({Role.MEMBER}), time_zone="Europe/Berlin")
    assert "Changed: " in await type_(stage, "digest daily 8:30")
    assert await due_at(stage) == datetime(2026, 11, 30, 7, 30, tzinfo=UTC)
    assert "every Friday at 17:00 (America/New_York)" in await type_(
        stage, "digest weekly fri 17:00 --tz America/New_York"
    )
    assert await due_at(stage) == datetime(2026, 12, 4, 22, tzinfo=UTC)


async def test_it_is_switched_off(stage: DigestStage) -> None:
    """Switching it off twice does no harm."""
    await type_(stage, "digest daily")
    assert await type_(stage, "digest off") == "I'll no longer post a digest here."
    assert "none is set" in await type_(stage, "digest off")
    assert await stage.redis.zcard(stage.scripts.key("due", "reports")) == 0


async def test_without_arguments_it_shows_what_it_would_be_now(stage: DigestStage) -> None:
    """The example covers the last day if no digest is set, or else the time since the last one."""
    stage.run_through("SUCCESS")
    await stage.discover()
    stage.pass_minutes(60)
    await stage.discover()
    shown = await type_(stage, "digest")
    assert shown.startswith("No digest is set in this channel.")
    assert "1 run of 1 of 2 schedules" in shown
    await type_(stage, "digest daily 07:30 --tz UTC")
    assert "A digest is posted here every day at 07:30 (UTC)." in await type_(stage, "digest")
    assert stage.at > MONDAY


async def test_a_channel_that_watches_nothing_is_told_so(stage: DigestStage) -> None:
    """A digest can be set anyway."""
    answer = await type_(stage, "digest weekly", channel="C2")
    assert "every Monday at 09:00" in answer
    assert "doesn't watch any schedules" in answer
    assert "doesn't watch any schedules" in await type_(stage, "digest", channel="C2")


async def test_a_channel_that_cannot_be_posted_in_is_named(stage: DigestStage) -> None:
    """The bot joins public channels; the answer says if it can't post."""
    await type_(stage, "digest daily")
    assert stage.chat.joined == [CHANNEL]
    stage.chat.faults.fail("join_channel", ChannelRefused("conversations.join", "is_archived"))
    assert "I can't post here yet" in await type_(stage, "digest daily")


async def test_a_direct_message_between_others_has_no_digest(stage: DigestStage) -> None:
    """A direct message can have one only if it's with the bot."""
    answer = await type_(stage, "digest daily", channel="D0THEIRS")
    assert answer.endswith("Nothing was changed.")
    assert await stage.digests.load_digest("D0THEIRS") is None
