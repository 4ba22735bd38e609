"""The messages about gaps are posted once, whichever replies are lost."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL
from tests.flows.test_advance_gap import DAY, back, in_thread, messages


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A stage with a failure during a gap."""
    made = IncidentStage(one_redis, gapless=False)
    await made.watch()
    made.pass_minutes(DAY)
    made.run_through("FAILED")
    return made


async def test_a_lost_reply_is_looked_for(stage: IncidentStage) -> None:
    """Both the message and the file are found, and neither is posted twice."""
    stage.chat.faults.lose("post_message")
    stage.chat.faults.lose("share_upload")
    await back(stage)
    for _ in range(3):
        await stage.settle()
    assert len(messages(stage)) == 1
    assert len(stage.chat.shared) == 1


async def test_its_thread_waits_for_the_message(stage: IncidentStage) -> None:
    """The list and the file are posted in the message's thread, not in the channel."""
    await back(stage)
    (message,) = messages(stage)
    assert len(in_thread(stage, message)) == 1
    assert [thread for _, thread, _ in stage.chat.shared] == [message.ts]


async def test_a_notice_that_is_gone_is_not_posted(stage: IncidentStage) -> None:
    """The notice's record has expired."""
    await stage.work("discovery")
    await stage.work("looks")
    for name in ("ends", "accounts"):
        await stage.poll()
        await stage.work(name)
    await stage.work("gaps", whatever=True)
    await stage.work("gaps")
    assert await stage.redis.delete(stage.scripts.key("gap", "in", CHANNEL, "1")) == 1
    await stage.settle()
    assert messages(stage) == []
