"""Posting digests: once, and only if they're still wanted and allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.core.model.errors import BotError, ChannelRefused, CredentialRefused, SlackRefused
from bot.core.policy.rules import Deny, Policy, Rule
from tests.flows.digest_stage import DigestStage
from tests.flows.stage import CHANNEL

SLOT = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
async def stage(one_redis: Redis) -> DigestStage:
    """A stage with a digest waiting in the lane."""
    return await queued(DigestStage(one_redis))


async def queued(stage: DigestStage) -> DigestStage:
    """Put a digest into the lane."""
    await stage.watch("*")
    await stage.type("digest daily 09:00 --tz UTC")
    stage.run_through("FAILED")
    await stage.discover()
    stage.at = stage.bolt.clock = SLOT + timedelta(minutes=1)
    await stage.work("discovery")
    await stage.queue_digests()
    return stage


def digests(stage: DigestStage) -> list[str]:
    """The digests in the channel."""
    return [text for text in stage.cards() if "igest since" in text]


async def test_it_says_what_failed_and_why(stage: DigestStage) -> None:
    """The figures come from the stored counts."""
    assert await stage.post() == "report"
    (text,) = digests(stage)
    assert "1 run of 1 of 2 schedules, 0% succeeded" in text
    assert "Nightly full build failed 07:01" in text
    assert "1 failure: The query names a column that doesn't exist." in text
    assert await stage.post() is None


async def test_everything_else_is_posted_before_it(stage: DigestStage) -> None:
    """An incident can't wait; a digest can."""
    await stage.queue_digests()
    stage.run_through("FAILED", "hourly")
    await stage.work("discovery")
    await stage.work("looks")
    for _ in range(2):
        await stage.poll()
        for name in ("ends", "accounts"):
            await stage.work(name)
    assert [await stage.post() for _ in range(4)] == ["incident", "incident", "incident", "report"]


async def test_a_lost_reply_is_looked_for_and_not_posted_twice(stage: DigestStage) -> None:
    """The digest that was posted is found."""
    stage.chat.faults.lose("post_message")
    assert await stage.post() == "report"
    assert await stage.post() == "report"
    assert await stage.post() is None
    assert len(digests(stage)) == 1


async def test_an_unknown_outcome_is_left_alone(stage: DigestStage) -> None:
    """If the channel can't be searched, a missing digest is better than two."""
    stage.chat.faults.lose("post_message")
    assert await stage.post() == "report"
    stage.chat.unreadable = True
    assert await stage.post() == "report"
    assert await stage.post() is None
    assert len(digests(stage)) == 1


@pytest.mark.parametrize(
    "refused",
    [ChannelRefused("chat.postMessage", "not_in_channel"), CredentialRefused("chat.postMessage", "invalid_auth")],
)
async def test_a_refusal_that_can_end_delays_it(stage: DigestStage, refused: BotError) -> None:
    """The digest is posted once Slack accepts it."""
    stage.chat.faults.fail("post_message", refused)
    assert await stage.post() == "report"
    await stage.posts.mark_reachable(CHANNEL)
    assert await stage.post() == "report"
    assert len(digests(stage)) == 1


async def test_a_digest_that_is_much_too_late_is_dropped(stage: DigestStage) -> None:
    """A digest is dropped once it's more than six hours late."""
    stage.at += timedelta(hours=6)
    assert await stage.post() == "report"
    assert await stage.post() is None
    assert digests(stage) == []


@pytest.mark.parametrize("command", ["digest off", "digest weekly fri 09:00"])
async def test_a_digest_that_is_not_wanted_any_more_is_dropped(stage: DigestStage, command: str) -> None:
    """The digest was switched off or moved in the meantime."""
    await stage.type(command)
    assert await stage.post() == "report"
    assert digests(stage) == []


async def test_a_digest_of_nothing_is_dropped(stage: DigestStage) -> None:
    """The channel's watches were stopped."""
    (watch,) = await stage.watches.all_watches()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    assert await stage.post() == "report"
    assert digests(stage) == []


async def test_what_slack_will_never_take_is_given_up(stage: DigestStage) -> None:
    """A digest that Slack will never accept isn't tried again; the log says why."""
    stage.chat.faults.always["post_message"] = SlackRefused("chat.postMessage", "msg_too_long")
    with capture_logs() as lines:
        assert await stage.post() == "report"
    assert [(line["log_level"], line["channel"], line["why"]) for line in lines] == [("error", CHANNEL, "msg_too_long")]
    assert await stage.post() is None


async def test_the_policy_is_asked_again(one_redis: Redis) -> None:
    """The person who set it up may have lost permission, or the channel may be shared by now."""
    stage = await queued(DigestStage(one_redis, Policy((Rule("nobody", Deny("no digests here")),))))
    assert await stage.post() == "report"
    assert digests(stage) == []


async def test_a_channel_of_which_nothing_is_known_waits(stage: DigestStage) -> None:
    """The digest waits while Slack doesn't say whether the channel is shared."""
    known = await stage.people.channel(CHANNEL)
    stage.people.channels[CHANNEL] = replace(known, shared=None)
    assert await stage.post() == "report"
    assert digests(stage) == []
    stage.people.channels.clear()
    assert await stage.post() == "report"
    assert len(digests(stage)) == 1
