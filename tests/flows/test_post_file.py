"""Requested files, step by step: what happens after a crash, a lost reply or while Bolt is away.

`bot.flows.read_requested_file` is tested here too.
"""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand, CommandOutput, Resource
from bot.core.model.errors import BoltError, BoltOutcomeUnknown
from bot.core.model.run import RunKey
from bot.core.model.upload import Upload
from bot.flows.conclude import LogReader
from bot.flows.post_file import FilePoster
from bot.flows.private_replies import PrivateReplies
from bot.flows.read_requested_file import RequestedFileReader
from bot.slack.client import SlackChat
from bot.store.lanes import PostLane, SlackBudget
from bot.store.scripts import Scripts
from bot.store.uploads import Uploads
from tests.waiting import eventually

CHANNEL = "C0DATAENG"
KEY = RunKey("w", 1)
ADA = Asker("T", "U0ADA", CHANNEL)
LOG = Upload("w:1:7:log:" + CHANNEL, KEY, ADA, BoltCommand(7, "dbt test"))
FILE = Upload("w:1:7:70:" + CHANNEL, KEY, ADA, BoltCommand(7, "dbt test"), Resource(70, "target/a.csv"))
FREE = SlackBudget(post_gap_s=0, channel_gap_s=0, upload_gap_s=0)


@dataclass
class Api:
    """One command with its log, and one file."""

    fails: BoltError | None = None
    content: bytes = b"a,b\npassword=hunter2hunter2\n"
    asked: list[str] = field(default_factory=list)

    async def command_output(self, command: int) -> CommandOutput:
        """The command's log."""
        if self.fails:
            raise self.fails
        return CommandOutput(BoltCommand(command, "dbt test", return_code=0), 1, "line\n", "")

    async def resource_url(self, resource: int) -> str:
        """An address for the file."""
        self.asked.append(str(resource))
        return "https://storage.example/a"

    async def fetch(self, url: str, *, most: int) -> bytes:
        """The file's content."""
        assert url
        assert most == 1_000_000
        if self.fails:
            raise self.fails
        return self.content


@dataclass
class Stage:
    """A store, a local Slack, an API, and the flow that uploads the API's files to Slack."""

    scripts: Scripts
    sandbox: Sandbox
    chat: SlackChat
    api: Api = field(default_factory=Api)

    def __post_init__(self) -> None:
        """Build the flow."""
        self.posts = PostLane(self.scripts, FREE, lease_s=10, upload_lease_s=60)
        self.uploads = Uploads(self.scripts)

        def mask(text: str) -> str:
            return text.replace("hunter2hunter2", "•••")

        files = RequestedFileReader(
            self.api,  # type: ignore[arg-type]  # has only the methods called here
            self.api,
            LogReader(self.api, mask),  # type: ignore[arg-type]  # as above
            mask=mask,
        )
        self.uploader = FilePoster(
            self.chat,
            self.posts,
            self.uploads,
            files,
            PrivateReplies(self.chat),
            bot_name="@Bolt",
            settle_s=0.1,
        )

    async def send(self) -> bool:
        """Send what is waiting, as if its time had come."""
        lane = self.scripts.key("posts", "file", CHANNEL)
        for item in await self.scripts.redis.zrange(lane, 0, -1):
            await self.scripts.redis.zadd(lane, {str(item): 1})
            await self.scripts.redis.zadd(self.scripts.key("posts", "file"), {CHANNEL: 1})
        taken = await self.posts.claim()
        if taken.lease is None:
            return False
        await self.uploader.post_requested_file(taken.lease, taken.urgency, taken.channel, taken.item.partition("/")[2])
        return True

    def files(self) -> list[str]:
        """The contents of the files in the channel."""
        workspace = self.sandbox.workspace
        shared = [one for message in workspace.channel(CHANNEL).messages.values() for one in message.files]
        return [(workspace.files[one].content or b"").decode() for one in shared]

    def told(self) -> list[str]:
        """The private messages to Ada."""
        return [one.text for one in self.sandbox.workspace.privates if one.user == "U0ADA"]


@pytest.fixture
async def stage(redis_client: Redis, sandbox: Sandbox) -> AsyncIterator[Stage]:
    """A stage with an empty store."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api", lambda text: text, call_s=10)
    chat.bot_user = sandbox.workspace.bot.id
    yield Stage(Scripts(redis_client, "test", retention_s=1000), sandbox, chat)
    await chat.close()


async def test_a_file_is_posted_masked_and_once(stage: Stage) -> None:
    """After that, nothing is waiting."""
    await stage.uploads.add_upload(FILE, posts_it_anyway=False, most=10)
    assert await stage.send()
    assert stage.files() == ["a,b\npassword=•••\n"]
    assert not await stage.send()


async def test_bolt_away_is_waited_for(stage: Stage) -> None:
    """Nothing is posted or said until Bolt answers."""
    stage.api.fails = BoltOutcomeUnknown()
    await stage.uploads.add_upload(LOG, posts_it_anyway=False, most=10)
    for _ in range(3):
        assert await stage.send()
    assert stage.files() == stage.told() == []
    stage.api.fails = None
    assert await stage.send()
    assert stage.files() == ["line\n"]


async def test_bolt_away_for_long_is_told(stage: Stage) -> None:
    """After ten minutes the bot gives up and says so."""
    stage.api.fails = BoltOutcomeUnknown()
    await stage.uploads.add_upload(LOG, posts_it_anyway=False, most=10)
    await stage.scripts.redis.hset(stage.scripts.key("upload", LOG.id), "asked_us", "1")
    assert await stage.send()
    assert stage.told() == ["The log of `dbt test` in run 1 wasn't posted because Bolt didn't answer. Try again later."]
    assert not await stage.send()


async def test_a_lost_reply_is_looked_for(stage: Stage) -> None:
    """Slack has shared the file: it's found, and not read from Bolt again."""
    stage.sandbox.workspace.faults.add(Fault("drop_after", "files.completeUploadExternal"))
    await stage.uploads.add_upload(FILE, posts_it_anyway=False, most=10)
    # The file isn't searched for before the call's timeout has passed.
    await eventually("nothing to be left to send", stage.send, operator.not_)
    assert len(stage.files()) == 1
    assert stage.api.asked == ["70"]


async def test_what_died_before_it_was_sent_is_sent_even_if_bolt_is_away_then(stage: Stage) -> None:
    """The bot searches for the file, finds none, and reads it again once Bolt is back."""
    await stage.uploads.add_upload(LOG, posts_it_anyway=False, most=10)
    await stage.scripts.redis.hset(stage.scripts.key("upload", LOG.id), "post", "sent:1")
    stage.api.fails = BoltOutcomeUnknown()
    for _ in range(4):
        assert await stage.send()
    assert stage.files() == []
    stage.api.fails = None
    assert await stage.send()
    assert stage.files() == ["line\n"]


@pytest.mark.parametrize(("content", "why"), [(b"\xff\xfe\x00", "it isn't text"), (b"  \n", "it's empty")])
async def test_what_cannot_be_posted_is_told(stage: Stage, content: bytes, why: str) -> None:
    """The answer gives the reason, and the file can be requested again."""
    stage.api.content = content
    await stage.uploads.add_upload(FILE, posts_it_anyway=False, most=10)
    assert await stage.send()
    assert why in stage.told()[-1]
    assert stage.files() == []
    assert (await stage.uploads.add_upload(FILE, posts_it_anyway=False, most=10)).word == "new"


async def test_a_workspace_that_takes_no_files_is_told(stage: Stage) -> None:
    """The answer says why."""
    stage.sandbox.workspace.faults.add(Fault("error", "files.getUploadURLExternal", code="file_uploads_disabled"))
    await stage.uploads.add_upload(FILE, posts_it_anyway=False, most=10)
    assert await stage.send()
    assert "wasn't posted because file uploads are turned off in this workspace." in stage.told()[-1]


async def test_a_refusal_that_slack_does_not_take_now_is_told_later(stage: Stage) -> None:
    """The upload is tried again before the person is told, because the refusal wasn't stored."""
    workspace = stage.sandbox.workspace
    workspace.faults.add(Fault("error", "files.getUploadURLExternal", count=2, code="file_uploads_disabled"))
    for method in ("chat.postEphemeral", "conversations.open"):
        workspace.faults.add(Fault("ratelimited", method))
    await stage.uploads.add_upload(FILE, posts_it_anyway=False, most=10)
    assert await stage.send()
    assert stage.told() == []
    assert await stage.send()
    assert "wasn't posted because file uploads are turned off in this workspace." in stage.told()[-1]
    assert not await stage.send()
    assert stage.files() == []


async def test_what_is_no_longer_known_leaves_the_lane(stage: Stage) -> None:
    """The upload's record has expired."""
    await stage.uploads.add_upload(FILE, posts_it_anyway=False, most=10)
    await stage.scripts.redis.delete(stage.scripts.key("upload", FILE.id))
    assert await stage.send()
    assert not await stage.send()
    assert await stage.scripts.redis.exists(stage.scripts.key("upload", FILE.id)) == 0
