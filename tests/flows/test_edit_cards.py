"""A card is edited until it shows what was observed, or can't be edited anymore."""

from __future__ import annotations

import pytest

from bot.core.model.errors import (
    ChannelRefused,
    ContentRefused,
    CredentialRefused,
    MessageGone,
    SlackError,
    SlackNotSent,
    SlackThrottled,
)
from bot.core.model.polling import Observed
from bot.core.model.run import Observation, RunKey
from bot.flows.lease import Lease
from tests.flows.stage import CHANNEL, Stage

EDIT = "chat.update"


async def observe(stage: Stage, state: str) -> None:
    """Record that run 101 was seen in this state."""
    key = RunKey("w", 101)
    token = int(await stage.redis.zscore(stage.scripts.key("due", "polls"), key.name) or 0)
    lease = Lease("polls", (key.name,), token, 0, 10)
    await stage.runs.store_observations(lease, token * 2, [Observed(key, Observation(state), 5)])


async def started(stage: Stage) -> None:
    """A run whose card shows that it has started."""
    await stage.start()
    while await stage.edit():
        pass
    assert "starting" in stage.cards()[0]
    stage.chat.edits.clear()


async def due_again(stage: Stage) -> None:
    """Make everything that was put back due again."""
    for pattern in ("*", "*:*"):
        for key in await stage.redis.keys(stage.scripts.key("edits", pattern)):
            if await stage.redis.type(key) == "zset":
                for member in await stage.redis.zrange(key, 0, -1):
                    await stage.redis.zadd(key, {str(member): 1})


async def test_only_the_newest_state_is_shown(start_stage: Stage) -> None:
    """Two observations take one edit, and there's no further edit without a change."""
    await started(start_stage)
    await observe(start_stage, "RUNNING")
    await observe(start_stage, "FAILED")
    assert await start_stage.edit()
    assert not await start_stage.edit()
    (edit,) = start_stage.chat.edits
    assert "failed" in edit.text


@pytest.mark.parametrize(
    "error", [SlackNotSent(EDIT), CredentialRefused(EDIT, "token_revoked"), SlackThrottled(EDIT, 0)]
)
async def test_what_may_work_later_is_tried_again(start_stage: Stage, error: SlackError) -> None:
    """An edit may be repeated."""
    await started(start_stage)
    await observe(start_stage, "RUNNING")
    start_stage.chat.faults.fail("edit_message", error)
    await start_stage.edit()
    assert start_stage.chat.edits == []
    await due_again(start_stage)
    await start_stage.edit()
    assert len(start_stage.chat.edits) == 1


async def test_a_lost_reply_is_answered_by_editing_again(start_stage: Stage) -> None:
    """It isn't known whether Slack made the edit; making it twice does no harm."""
    await started(start_stage)
    await observe(start_stage, "RUNNING")
    start_stage.chat.faults.lose("edit_message")
    await start_stage.edit()
    await due_again(start_stage)
    await start_stage.edit()
    assert len({edit.text for edit in start_stage.chat.edits}) == 1
    await due_again(start_stage)
    assert not await start_stage.edit()


@pytest.mark.parametrize("error", [MessageGone(EDIT, "message_not_found"), ChannelRefused(EDIT, "is_archived")])
async def test_a_card_that_is_gone_is_left(start_stage: Stage, error: SlackError) -> None:
    """A deleted card uses no more of the shared budget."""
    await started(start_stage)
    await observe(start_stage, "RUNNING")
    start_stage.chat.faults.fail("edit_message", error)
    await start_stage.edit()
    await due_again(start_stage)
    assert not await start_stage.edit()


async def test_blocks_that_slack_refuses_are_shown_as_text(start_stage: Stage) -> None:
    """A card must not keep showing an outdated state."""
    await started(start_stage)
    await observe(start_stage, "RUNNING")
    start_stage.chat.faults.fail("edit_message", ContentRefused(EDIT, "invalid_blocks"))
    await start_stage.edit()
    (edit,) = start_stage.chat.edits
    assert edit.message.blocks == ()
    assert "running" in edit.text
    await due_again(start_stage)
    assert not await start_stage.edit()


async def test_a_card_of_nothing_is_left(start_stage: Stage) -> None:
    """A card whose run's record is gone isn't edited."""
    await started(start_stage)
    await observe(start_stage, "RUNNING")
    await start_stage.redis.delete(start_stage.scripts.key("run", "w:101"))
    await start_stage.edit()
    assert start_stage.chat.edits == []
    await due_again(start_stage)
    assert not await start_stage.edit()


async def test_a_start_without_a_run_is_edited_too(start_stage: Stage) -> None:
    """The card says that its run is being searched for."""
    await start_stage.accept()
    await start_stage.advance()
    await start_stage.post()
    start_stage.bolt.faults.lose("trigger")
    await start_stage.advance()
    assert await start_stage.edit()
    (edit,) = start_stage.chat.edits
    assert edit.channel == CHANNEL
    assert "Bolt" in edit.text
