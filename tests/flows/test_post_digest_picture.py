"""The picture of a digest: posted in its thread, and never at the digest's expense."""

from __future__ import annotations

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import ChannelRefused, ChartFailed, FileRefused, SlackOutcomeUnknown
from bot.flows.post_digest_picture import FILE_NAME
from tests.flows.digest_stage import DigestStage
from tests.flows.stage import CHANNEL
from tests.flows.test_post_digest import SLOT, digests, queued


@pytest.fixture
async def stage(one_redis: Redis) -> DigestStage:
    """Charts are installed, and a digest waits in the lane."""
    made = DigestStage(one_redis)
    made.charts.is_installed = True
    return await queued(made)


def thread(stage: DigestStage) -> str:
    """The ts of the digest's message."""
    (ts,) = [one.ts for one in stage.chat.posted.values() if "igest since" in one.text]
    return ts


def pictures(stage: DigestStage) -> list[tuple[str, str | None]]:
    """The channels and threads with a picture."""
    return [(channel, ts) for channel, ts, file_id in stage.chat.shared if stage.chat.uploads[file_id][0] == FILE_NAME]


async def post_all(stage: DigestStage) -> int:
    """Post until nothing is left; return how many attempts were for the digest."""
    sent = []
    while (one := await stage.post()) is not None:
        sent.append(one)
        assert len(sent) < 9
    return sent.count("report")


async def test_a_picture_follows_in_the_thread(stage: DigestStage) -> None:
    """The picture's alternative text has the same figures in words."""
    assert await post_all(stage) == 2
    assert pictures(stage) == [(CHANNEL, thread(stage))]
    (name,) = [name for name, upload in stage.chat.uploads.items() if upload == (FILE_NAME, b"a picture", False)]
    alt = stage.chat.alts[name] or ""
    assert alt.startswith("Runs by hour. 1 run, 0% succeeded, since 29 Nov, 09:00 (UTC).")
    assert "Most failures: Nightly full build: 1 of 1. 07:00 1 (1 failed)." in alt
    assert len(digests(stage)) == 1


async def test_without_charts_there_is_only_the_digest(stage: DigestStage) -> None:
    """Nothing is left in the lane."""
    stage.charts.is_installed = False
    assert await post_all(stage) == 1
    assert pictures(stage) == []


async def test_the_digest_goes_without_a_picture_that_cannot_be_drawn(stage: DigestStage) -> None:
    """The digest is already there, and isn't posted again."""
    stage.charts.faults.always["draw_digest"] = ChartFailed("The chart couldn't be drawn in time.")
    assert await post_all(stage) == 2
    assert (len(digests(stage)), pictures(stage)) == (1, [])


async def test_a_digest_without_runs_has_no_picture(one_redis: Redis) -> None:
    """The picture would be empty."""
    stage = DigestStage(one_redis)
    stage.charts.is_installed = True
    await stage.watch("*")
    await stage.type("digest daily 09:00 --tz UTC")
    stage.at = stage.bolt.clock = SLOT + timedelta(minutes=1)
    await stage.work("discovery")
    await stage.queue_digests()
    assert await post_all(stage) == 2
    assert (len(digests(stage)), pictures(stage), stage.charts.drawn) == (1, [], [])


async def test_a_lost_reply_to_the_digest_makes_neither_twice(stage: DigestStage) -> None:
    """The message is found by its key, and its picture follows."""
    stage.chat.faults.lose("post_message")
    assert await post_all(stage) == 3
    assert (len(digests(stage)), len(pictures(stage))) == (1, 1)


async def test_a_lost_reply_to_the_picture_is_looked_for(stage: DigestStage) -> None:
    """A picture whose reply was lost is neither posted nor drawn twice."""
    stage.chat.faults.lose("share_upload")
    assert await post_all(stage) == 3
    assert (len(pictures(stage)), len(stage.charts.drawn)) == (1, 1)


async def test_a_picture_that_was_not_shared_is_drawn_again(stage: DigestStage) -> None:
    """The outcome of sharing the picture was unknown, and it isn't in the thread; the digest isn't posted again."""
    stage.chat.faults.fail("share_upload", SlackOutcomeUnknown("files.completeUploadExternal"))
    assert await post_all(stage) > 2
    assert (len(pictures(stage)), len(stage.charts.drawn), len(digests(stage))) == (1, 2, 1)


async def test_a_refused_file_is_given_up(stage: DigestStage) -> None:
    """If the workspace doesn't allow uploads, the digest still has the figures."""
    stage.chat.faults.always["start_upload"] = FileRefused("files.getUploadURLExternal", "file_uploads_disabled")
    assert await post_all(stage) == 2
    assert (len(digests(stage)), pictures(stage)) == (1, [])


async def test_a_channel_that_takes_nothing_now_gets_it_later(stage: DigestStage) -> None:
    """The bot never joins a channel just for the picture."""
    assert await stage.post() == "report"
    # Setting the digest made the bot join.
    stage.chat.joined.clear()
    stage.chat.faults.fail("share_upload", ChannelRefused("files.completeUploadExternal", "not_in_channel"))
    assert await stage.post() == "report"
    await stage.posts.mark_reachable(CHANNEL)
    assert await post_all(stage) == 1
    assert (len(pictures(stage)), stage.chat.joined) == (1, [])


async def test_a_picture_that_is_much_too_late_is_dropped(stage: DigestStage) -> None:
    """Like its digest, it's dropped once it's more than six hours late."""
    assert await stage.post() == "report"
    stage.at += timedelta(hours=6)
    assert await post_all(stage) == 1
    assert (len(digests(stage)), pictures(stage), stage.charts.drawn) == (1, [], [])


async def test_a_digest_that_is_switched_off_has_no_picture(stage: DigestStage) -> None:
    """The digest was switched off after it was posted; the message stays."""
    assert await stage.post() == "report"
    await stage.type("digest off")
    assert await post_all(stage) == 1
    assert (len(digests(stage)), pictures(stage)) == (1, [])
