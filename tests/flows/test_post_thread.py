"""The log's file in the thread of a failure: a refusal is posted there, and a temporary error is retried."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.bolt import BoltCommand, CommandOutput
from bot.core.model.errors import BoltError, BoltRejected, BoltTooLarge
from bot.flows.conclude import LogReader
from bot.slack.client import SlackChat
from bot.store.due_sets import DueSet
from bot.store.scripts import Scripts
from tests.flows.test_deliver_posts import CHANNEL, Stage

TWO_MINUTES_US = 120_000_000
UPLOAD, SHARE = "files.getUploadURLExternal", "files.completeUploadExternal"


class Api:
    """One command with its log."""

    fails: BoltError | None = None

    async def command_output(self, command: int) -> CommandOutput:
        """The command with its log."""
        if self.fails:
            raise self.fails
        return CommandOutput(BoltCommand(command, "dbt test", return_code=1), 1, "the whole log\n", "")


@pytest.fixture
def api() -> Api:
    """A Bolt that returns the log."""
    return Api()


@pytest.fixture
async def stage(redis_client: Redis, sandbox: Sandbox, api: Api) -> AsyncIterator[Stage]:
    """A stage with an empty store, whose Slack has no limits."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api", lambda text: text, call_s=10)
    chat.bot_user = sandbox.workspace.bot.id
    logs = LogReader(api, lambda text: text)  # type: ignore[arg-type]  # only reads a command's output
    yield Stage(Scripts(redis_client, "test", retention_s=1000), sandbox, chat, logs)
    await chat.close()


async def told(stage: Stage) -> str:
    """A run fails, and everything due is posted; return its card's ts."""
    ts = await stage.follow(1)
    await stage.end(1, "FAILED", log="read")
    await posted(stage)
    return ts


async def posted(stage: Stage) -> None:
    """Post everything that is waiting, as if its time had come."""
    for _ in range(10):
        for lane in ("fail", "log"):
            key = stage.scripts.key("posts", lane, CHANNEL)
            for item in await stage.scripts.redis.zrange(key, 0, -1):
                await stage.scripts.redis.zadd(key, {str(item): 1})
                await stage.scripts.redis.zadd(stage.scripts.key("posts", lane), {CHANNEL: 1})
        if await stage.post_one() is None:
            return


def files(stage: Stage) -> list[str]:
    """The contents of the files in the channel."""
    workspace = stage.sandbox.workspace
    shared = [one for message in workspace.channel(CHANNEL).messages.values() for one in message.files]
    return [(workspace.files[one].content or b"").decode() for one in shared]


@pytest.mark.parametrize(
    ("method", "code", "why"),
    [
        (UPLOAD, "file_uploads_disabled", "file uploads are turned off in this workspace"),
        (UPLOAD, "storage_limit_reached", "this workspace has no storage left for files"),
        (UPLOAD, "file_type_not_allowed", "this workspace doesn't allow files of this type"),
        (SHARE, "file_uploads_except_images_disabled", "only images can be uploaded in this workspace"),
        (UPLOAD, "missing_scope", "I don't have the files:write permission"),
        (SHARE, "something_new", "Slack refused it (something_new)"),
    ],
)
async def test_a_refused_file_is_told_in_the_thread(stage: Stage, method: str, code: str, why: str) -> None:
    """One sentence says why, with two ways to read the log. After that, nothing is waiting."""
    stage.sandbox.workspace.faults.add(Fault("error", method, count=None, code=code))
    ts = await told(stage)
    end, note = stage.texts(thread=ts)
    assert "failed" in end
    assert note.startswith(f"The log isn't attached because {why}")
    assert "`/bolt logs 1`" in note
    assert "<https://app.example/bolt/run_id/1|open the run in Bolt>" in note
    assert files(stage) == []
    assert await stage.post_one() is None


async def test_where_slack_loses_the_reply_to_that_it_is_told_once(stage: Stage) -> None:
    """A post whose reply was lost is found in the thread."""
    faults = stage.sandbox.workspace.faults
    faults.add(Fault("error", UPLOAD, count=None, code="file_uploads_disabled"))
    ts = await stage.follow(1)
    await stage.end(1, "FAILED", log="read")
    assert await stage.post_one() == "end"
    faults.add(Fault("drop_after", "chat.postMessage"))
    await posted(stage)
    assert len(stage.texts(thread=ts)) == 2
    assert await stage.post_one() is None


async def test_a_public_channel_is_joined_and_the_file_shared_again(stage: Stage) -> None:
    """Somebody may have removed the bot between the post about the end and the upload of its file."""
    stage.sandbox.workspace.faults.add(Fault("error", SHARE, code="not_in_channel"))
    ts = await told(stage)
    assert files(stage) == ["the whole log\n"]
    assert not any("isn't attached" in text for text in stage.texts(thread=ts))


@pytest.mark.parametrize("code", ["unknown_snippet_type", "snippet_too_large"])
async def test_what_is_not_taken_as_a_snippet_is_a_plain_file(stage: Stage, code: str) -> None:
    """The file can't be read inline then, but it's posted."""
    stage.sandbox.workspace.faults.add(Fault("error", UPLOAD, code=code))
    await told(stage)
    assert files(stage) == ["the whole log\n"]


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        (BoltRejected(()), "Bolt no longer has it"),
        (BoltTooLarge(64_000_000), "it's larger than the 64.0 MB I can read"),
    ],
)
async def test_a_log_that_bolt_no_longer_gives_is_told(stage: Stage, api: Api, gone: BoltError, why: str) -> None:
    """The end was already reported, with the relevant lines of the log."""
    api.fails = gone
    ts = await told(stage)
    assert stage.texts(thread=ts)[1].startswith(f"The log isn't attached because {why}")


@pytest.mark.parametrize("refused", [1, 2])
async def test_refused_blocks_do_not_lose_the_excerpt(stage: Stage, refused: int) -> None:
    """The relevant lines are posted as plain text; if Slack refuses that too, only the sentence is posted."""
    ts = await stage.follow(1)
    await stage.end(1, "FAILED", log="read")
    stage.sandbox.workspace.faults.add(Fault("error", "chat.postMessage", count=refused, code="invalid_blocks"))
    assert await stage.post_one() == "end"
    (text,) = stage.texts(thread=ts)
    assert "failed" in text
    assert ("it broke" in text) is (refused == 1)


async def backed_up(stage: Stage) -> dict[str, bytes]:
    """Everything that Redis holds. The data is restored as if the backup were two minutes old."""
    with blocking(stage) as redis:
        dumps = {key.decode(): redis.dump(key) for key in redis.keys("*")}
    return {key: dump for key, dump in dumps.items() if dump is not None}


async def restore(stage: Stage, backup: dict[str, bytes]) -> None:
    """Redis has its old content again, and then a process claims something."""
    with blocking(stage) as redis:
        redis.flushall()
        for key, dump in backup.items():
            redis.restore(key, 0, dump)
        seconds, rest_us = redis.time()
        before_us = int(seconds) * 1_000_000 + int(rest_us) - TWO_MINUTES_US
        redis.hset(stage.scripts.key("pulse"), "at_us", str(before_us))
        if backup:
            redis.hset(stage.scripts.key("run", "w:1"), "began_s", str(before_us / 1_000_000))
    await DueSet(stage.scripts, "requests", lease_s=1).claim(1)


def blocking(stage: Stage) -> BlockingRedis:
    """A client of the same Redis for binary values."""
    options = stage.scripts.redis.connection_pool.connection_kwargs
    return BlockingRedis(unix_socket_path=options["path"])


async def test_an_end_that_a_restored_redis_has_forgotten_is_not_told_again(stage: Stage) -> None:
    """The post about the end and the log's file are both found in the thread."""
    ts = await stage.follow(1)
    backup = await backed_up(stage)
    await stage.end(1, "FAILED", log="read")
    await posted(stage)
    assert len(stage.texts(thread=ts)) == 2
    await restore(stage, backup)
    await stage.end(1, "FAILED", log="read")
    await posted(stage)
    assert len(stage.texts(thread=ts)) == 2
    assert files(stage) == ["the whole log\n"]
    assert await stage.post_one() is None
    card = await stage.scripts.redis.hgetall(stage.scripts.key("card", f"T:{CHANNEL}:{ts}"))
    assert card.get("pending") == "0"


async def test_an_end_in_an_absence_is_told_if_it_was_not(stage: Stage) -> None:
    """The bot was away, so the end isn't in the thread yet."""
    ts = await stage.follow(1)
    await restore(stage, await backed_up(stage))
    await stage.end(1, "FAILED", log="read")
    await posted(stage)
    assert len(stage.texts(thread=ts)) == 2
    assert files(stage) == ["the whole log\n"]


async def test_an_end_after_an_absence_is_not_searched_for(stage: Stage) -> None:
    """A run that started after the absence can't have been reported before."""
    await restore(stage, {})
    ts = await stage.follow(1)
    await stage.end(1, "FAILED", log="read")
    await posted(stage)
    assert len(stage.texts(thread=ts)) == 2
    assert all(call.what != "conversations.replies" for call in stage.sandbox.workspace.calls)
