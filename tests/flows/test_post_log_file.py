"""A failed command's log as a file in a thread, or a post that says why not.

For refusals by Slack, see test_post_thread.py.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.model.bolt import BoltCommand, CommandOutput
from bot.core.model.errors import BoltNotSent, BoltTooLarge, ChannelRefused, ScopeMissing, SlackNotSent
from bot.core.model.run import CardRef, End, Observation, Run, RunKey
from bot.flows.claimed_post import ClaimedPost
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.post_log_file import FILE_GIVEN_UP_S, FileThread, LogFilePoster
from bot.flows.poster import MessagePoster
from tests.flows.stage import APP, CHANNEL, Stage

COMMAND = BoltCommand(7, "dbt test", return_code=1)
KEY = RunKey("w", 4711)
RUN = Run(KEY, seen=Observation("FAILED"), end=End(failed=COMMAND, log="read"))


async def claimed(stage: Stage) -> ClaimedPost:
    """The file's post, claimed."""
    items = stage.scripts.key("posts", "log", CHANNEL)
    await stage.redis.zadd(items, {"file/x": 1})
    await stage.redis.zadd(stage.scripts.key("posts", "log"), {CHANNEL: 1})
    taken = await stage.posts.claim()
    assert taken.lease is not None
    return ClaimedPost(taken.lease, "log", CHANNEL, "thing:x", "file")


async def post(stage: Stage, run: Run = RUN, file_id: str | None = None) -> str | None:
    """Post the file of a run."""
    files = LogFilePoster(
        stage.chat,
        stage.posts,
        stage.runs,
        stage.logs,
        MessagePoster(stage.chat, stage.posts, settle_s=0),
        DeliverySettings(APP, settle_s=0),
    )

    async def note(_file_id: str) -> None: ...

    return await files.post_log_file(await claimed(stage), run, FileThread(CardRef(CHANNEL, "1.0"), file_id, note))


@pytest.fixture
def stage(start_stage: Stage) -> Stage:
    """A stage whose Bolt has the log."""
    start_stage.bolt.outputs[7] = CommandOutput(COMMAND, 4711, "the whole log\n", "")
    return start_stage


async def test_the_file_is_in_the_thread(stage: Stage) -> None:
    """The file's name contains the run and the command."""
    assert await post(stage) == "F1"
    assert stage.chat.uploads["F1"] == ("run-4711-dbt-test.log", b"the whole log\n", True)
    assert stage.chat.shared == [(CHANNEL, "1.0", "F1")]


async def test_without_a_log_there_is_no_file(stage: Stage) -> None:
    """Without a failed command or without a log, no file is posted."""
    assert await post(stage, Run(KEY, end=End())) == "nothing"
    stage.bolt.outputs[7] = CommandOutput(COMMAND, 4711, "", "")
    assert await post(stage) == "empty"
    assert stage.chat.shared == []


async def test_a_lost_reply_is_found_by_the_file(stage: Stage) -> None:
    """The file isn't shared again."""
    stage.chat.faults.lose("share_upload")
    assert await post(stage) is None
    assert await post(stage, file_id="F1") == "F1"
    assert len(stage.chat.shared) == 1


async def test_what_slack_or_bolt_refuses_is_said_in_the_thread(stage: Stage) -> None:
    """The first reason is posted there, once."""
    stage.chat.faults.fail("start_upload", ScopeMissing("files.getUploadURLExternal", "missing_scope"))
    assert await post(stage) == "missing_scope"
    stage.logs.forget(COMMAND)
    await stage.redis.delete(stage.scripts.key("thing", "x"))
    stage.bolt.faults.fail("command_output", BoltTooLarge(1))
    assert await post(stage) == "lost"
    (said,) = stage.chat.in_channel(CHANNEL, "1.0")
    assert "isn't attached because I don't have the files:write permission" in said


async def test_bolt_is_asked_again_for_a_day(stage: Stage) -> None:
    """After a day, the thread says that the log never came. A notice that can't be sent now is sent later."""
    stage.bolt.faults.always["command_output"] = BoltNotSent()
    assert await post(stage) is None
    ended_us = round((datetime.now(UTC).timestamp() - FILE_GIVEN_UP_S - 60) * 1e6)
    await stage.redis.hset(stage.scripts.key("run", KEY.name), mapping={"rev": "1", "final_us": str(ended_us)})
    stage.chat.faults.fail("post_message", SlackNotSent("chat.postMessage"))
    assert await post(stage) is None
    assert await post(stage) == "lost"
    (said,) = stage.chat.in_channel(CHANNEL, "1.0")
    assert "Bolt didn't return it for a day" in said


async def test_an_unreachable_channel_is_the_callers_to_handle(stage: Stage) -> None:
    """The error is raised, because the caller knows what else to do."""
    await stage.posts.mark_unreachable(CHANNEL, "is_archived", for_s=60)
    with pytest.raises(ChannelRefused):
        await post(stage)
