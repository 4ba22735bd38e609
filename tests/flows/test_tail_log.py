"""Live logs, step by step: where one resumes, when it stops, and how two processes share one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand, LogPage, RunStatus
from bot.core.model.errors import ApiError, BoltError, BoltOutcomeUnknown, BoltRejected, BoltThrottled
from bot.core.model.polling import Observed
from bot.core.model.run import Observation, RunKey
from bot.core.text.message import Message
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.private_replies import PrivateReplies
from bot.flows.tail_log import LogTailer, LogTailRules, TailPoster
from bot.slack.client import SlackChat
from bot.store.due_sets import DueSet
from bot.store.lanes import ClaimedItem, PostLane, SlackBudget
from bot.store.log_tails import LogTails
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import follow_run

CHANNEL = "C0DATAENG"
KEY = RunKey("w", 1)
NAME = f"{KEY.name}:{CHANNEL}"
ADA = Asker("T", "U0ADA", CHANNEL)
FREE = SlackBudget(post_gap_s=0, channel_gap_s=0, upload_gap_s=0)
RULES = LogTailRules(gap_s=15, settle_s=0.1)
UNKNOWN = BoltRejected((ApiError("no such command"),))


@dataclass
class Api:
    """The commands' logs: what each has printed, and whether it has ended. There are ten lines to a page."""

    printed: dict[int, list[str]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    fails: BoltError | None = None

    async def command_log(self, command: int, cursor: str) -> LogPage:
        """A page of a log."""
        if self.fails:
            raise self.fails
        at = int(cursor.partition(":")[0])
        page = self.printed[command][at : at + 10]
        until = at + len(page)
        done = command in self.ended and until == len(self.printed[command])
        return LogPage(tuple(("STDOUT", line) for line in page), f"{until}:0", done)

    async def status(self, run_id: int) -> RunStatus:
        """Run 3 is over, run 404 is unknown, and all others are running."""
        if run_id == 404:
            raise UNKNOWN
        return RunStatus("RUNNING" if run_id != 3 else "SUCCESS")


@dataclass
class Stage:
    """A store, a local Slack, an API, and live logs between them."""

    scripts: Scripts
    sandbox: Sandbox
    chat: SlackChat
    api: Api = field(default_factory=Api)

    def __post_init__(self) -> None:
        """Build the flow."""
        self.runs = Runs(self.scripts)
        self.posts = PostLane(self.scripts, FREE, lease_s=10, upload_lease_s=60)
        self.log_tails = LogTails(self.scripts)
        self.due = DueSet(self.scripts, "follows", lease_s=10)
        self.thread = ""

    def tail_log(self, rules: LogTailRules | None = None) -> LogTailer:
        """The flow."""
        return LogTailer(
            self.api,  # type: ignore[arg-type]  # only reads logs
            self.runs,
            self.log_tails,
            rules or RULES,
            mask=lambda text: text.replace("secret", "•••"),
        )

    def tail_poster(self) -> TailPoster:
        """The flow that posts."""
        return TailPoster(self.chat, self.posts, self.log_tails, PrivateReplies(self.chat), RULES)

    async def running(self, *commands: BoltCommand, state: str = "RUNNING") -> None:
        """Store the run as a poll sees it."""
        token = int(await self.scripts.redis.zscore(self.scripts.key("due", "polls"), KEY.name) or 0)
        seconds, micros = await self.scripts.redis.time()
        claimed_us = int(seconds) * 1_000_000 + int(micros)
        lease = Lease("polls", (KEY.name,), token, 0, 10)
        await self.runs.store_observations(lease, claimed_us, [Observed(KEY, Observation(state, commands), 5)])

    async def look(self, rules: LogTailRules | None = None) -> None:
        """Look at the live log once, as if it were due."""
        await self.scripts.redis.zadd(self.scripts.key("due", "follows"), {NAME: 1}, xx=True)
        claimed = await self.due.claim(1)
        assert claimed.lease is not None
        await self.tail_log(rules).advance_tail(claimed.lease)

    async def pause_over(self) -> None:
        """Let the last post be long ago."""
        record = self.scripts.key("follow", NAME)
        if await self.scripts.redis.hexists(record, "posted_us"):
            await self.scripts.redis.hset(record, "posted_us", "1")

    async def post_message(self) -> bool:
        """Send the waiting post, if there is one."""
        taken: ClaimedItem = await self.posts.claim()
        if taken.lease is None:
            return False
        assert taken.urgency == "follow"
        await self.tail_poster().post_lines(taken.lease, taken.urgency, taken.channel, NAME)
        return True

    def texts(self) -> list[str]:
        """The messages in the thread, oldest first."""
        messages = self.sandbox.workspace.channel(CHANNEL).messages.values()
        return [one.text for one in messages if one.is_reply]

    async def left(self) -> list[str]:
        """The keys of the live log that still exist."""
        names = [self.scripts.key("follow", NAME), self.scripts.key("posts", "follow", CHANNEL)]
        names.append(self.scripts.key("due", "follows"))
        return [name for name in names if await self.scripts.redis.exists(name)]


@pytest.fixture
async def stage(redis_client: Redis, sandbox: Sandbox) -> AsyncIterator[Stage]:
    """A stage with a run that has a card, and whose second command is running."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api", lambda text: text, call_s=10)
    chat.bot_user = sandbox.workspace.bot.id
    stage = Stage(Scripts(redis_client, "test", retention_s=1000), sandbox, chat)
    ts = await chat.post_message(CHANNEL, Message(("card",)), key="start:1")
    await follow_run(stage.scripts, 1, channel=CHANNEL, ts=ts, user="U0ADA")
    stage.api.printed = {7: ["old"], 8: [f"line {number}" for number in range(25)]}
    stage.api.ended = {7}
    await stage.running(BoltCommand(7, "dbt seed", return_code=0), BoltCommand(8, "dbt run"))
    yield stage
    await chat.close()


async def test_it_begins_with_the_running_command_and_goes_on_behind_what_is_posted(stage: Stage) -> None:
    """The first post covers the whole log so far; later posts cover only new lines, and without any there's no post."""
    answer = await stage.tail_log().begin_tail(ADA, KEY, None)
    assert answer is not None
    assert "in its thread, at most once every 15 s" in str(answer.text)
    await stage.look()
    assert await stage.post_message()
    assert stage.texts() == ["25 new lines in the log of `dbt run` (run 1):"]
    await stage.pause_over()
    await stage.look()
    assert not await stage.post_message()
    stage.api.printed[8].append("one more")
    await stage.look()
    assert await stage.post_message()
    assert stage.texts()[1:] == ["1 new line in the log of `dbt run` (run 1):"]


async def test_posts_keep_their_distance(stage: Stage) -> None:
    """Until the next post may be sent, a new page isn't even read."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look()
    await stage.post_message()
    stage.api.printed[8].append("one more")
    stage.api.fails = BoltOutcomeUnknown()
    await stage.look()
    assert not await stage.post_message()


async def test_it_goes_on_with_the_next_command_and_ends_with_the_run(stage: Stage) -> None:
    """The last lines are posted without waiting, and nothing remains stored."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look()
    await stage.post_message()
    stage.api.printed |= {8: [*stage.api.printed[8], "last"], 9: ["first of the next", "secret"]}
    stage.api.ended = {7, 8, 9}
    await stage.running(
        BoltCommand(8, "dbt run", return_code=0), BoltCommand(9, "dbt test", return_code=0), state="SUCCESS"
    )
    await stage.look()
    assert await stage.post_message()
    assert stage.texts()[1] == "3 new lines in the log of `dbt test` (run 1). Run 1 has ended, so its log is complete."
    (box,) = [
        one
        for one in list(stage.sandbox.workspace.channel(CHANNEL).messages.values())[-1].blocks
        if one["type"] == "rich_text"
    ]
    assert box["elements"][0]["elements"][0]["text"] == "last\n▸ dbt test\nfirst of the next\n•••"
    assert await stage.left() == []


async def test_an_end_without_new_lines_is_told_by_others(stage: Stage) -> None:
    """If a run ends without new lines, the live log posts nothing."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look()
    await stage.post_message()
    stage.api.ended = {7, 8}
    await stage.running(BoltCommand(8, "dbt run", return_code=0), state="SUCCESS")
    await stage.look()
    assert not await stage.post_message()
    assert len(stage.texts()) == 1
    assert await stage.left() == []


async def test_after_an_hour_it_stops_and_says_how_to_go_on(stage: Stage) -> None:
    """The last post says that following has stopped, and has a button to keep following."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look(LogTailRules(for_s=0))
    assert await stage.post_message()
    assert stage.texts() == ["I've followed the log of run 1 for an hour, so I'm stopping here."]
    assert "Keep following" in str(list(stage.sandbox.workspace.channel(CHANNEL).messages.values())[-1].blocks)
    assert await stage.left() == []


async def test_what_waits_is_posted_as_it_was_read(stage: Stage) -> None:
    """If a process dies before posting, the next one posts the same lines, whatever has been printed since."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look()
    stage.api.printed[8] += ["new"] * 5
    await stage.look()
    assert await stage.post_message()
    assert not await stage.post_message()
    assert stage.texts() == ["25 new lines in the log of `dbt run` (run 1):"]
    await stage.pause_over()
    await stage.look()
    await stage.post_message()
    assert stage.texts()[1:] == ["5 new lines in the log of `dbt run` (run 1):"]


async def test_who_posts_late_does_not_move_it_back(stage: Stage) -> None:
    """Two processes post the same lines, and the second one learns that it's late."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look()
    late = await stage.log_tails.load_tail(NAME)
    taken = await stage.posts.claim()
    assert taken.lease is not None
    assert late is not None
    await stage.tail_poster().post_lines(taken.lease, taken.urgency, taken.channel, NAME)
    after = await stage.log_tails.load_tail(NAME)
    word = await stage.log_tails.posted(
        ClaimedPost(taken.lease, "follow", CHANNEL, f"follow:{NAME}", "post"), late, delay_s=5
    )
    assert word == "known"
    assert await stage.log_tails.load_tail(NAME) == after


async def test_stopped_before_it_is_posted_nothing_comes(stage: Stage) -> None:
    """Nothing stays stored either."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look()
    assert "stopped following" in str((await stage.tail_log().stop_tail(KEY, CHANNEL)).text)
    assert not await stage.post_message()
    assert stage.texts() == []
    assert await stage.left() == []
    assert "nothing to stop" in str((await stage.tail_log().stop_tail(KEY, CHANNEL)).text)


async def test_an_end_that_slack_does_not_take_now_is_told_later(stage: Stage) -> None:
    """The lines can't be posted, and the person can't be told why yet: neither is forgotten."""
    workspace = stage.sandbox.workspace
    await stage.tail_log().begin_tail(ADA, KEY, None)
    await stage.look()
    workspace.faults.add(Fault("error", "chat.postMessage", count=2, code="is_archived"))
    for method in ("chat.postEphemeral", "conversations.open"):
        workspace.faults.add(Fault("ratelimited", method))
    lane = stage.scripts.key("posts", "follow", CHANNEL)
    assert await stage.post_message()
    assert await stage.left() != []
    assert list(workspace.privates) == []
    await stage.scripts.redis.zadd(lane, {f"follow/{NAME}": 1}, xx=True)
    await stage.scripts.redis.zadd(stage.scripts.key("posts", "follow"), {CHANNEL: 1})
    assert await stage.post_message()
    assert ["I've stopped following the log of run 1" in one.text for one in workspace.privates] == [True]
    assert stage.texts() == []
    assert await stage.left() == []


async def test_a_command_that_stays_unknown_ends_it(stage: Stage) -> None:
    """The live log doesn't end at once, because a command that has just begun may not be known yet."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    stage.api.fails = UNKNOWN
    await stage.look()
    await stage.look()
    assert not await stage.post_message()
    stage.api.fails = None
    await stage.look()
    assert await stage.post_message()
    stage.api.fails = UNKNOWN
    await stage.pause_over()
    for _ in range(3):
        await stage.look()
    assert await stage.post_message()
    assert stage.texts()[-1] == "Run 1 is no longer in Bolt, so I've stopped following its log."
    assert await stage.left() == []


@pytest.mark.parametrize("away", [BoltOutcomeUnknown(), BoltThrottled(7)])
async def test_bolt_away_is_waited_for(stage: Stage, away: BoltError) -> None:
    """After that, it goes on where it was."""
    await stage.tail_log().begin_tail(ADA, KEY, None)
    stage.api.fails = away
    for _ in range(5):
        await stage.look()
    assert not await stage.post_message()
    stage.api.fails = None
    await stage.look()
    assert await stage.post_message()


async def test_one_a_run_and_channel_and_not_too_many(stage: Stage) -> None:
    """Asking twice changes nothing, and the answer says if there are too many."""
    rules = LogTailRules(most=1)
    assert await stage.log_tails.begin_tail(KEY, ADA, 8, most=1) == "new"
    assert await stage.log_tails.begin_tail(KEY, ADA, 8, most=1) == "known"
    await follow_run(stage.scripts, 2, channel=CHANNEL)
    answer = await stage.tail_log(rules).begin_tail(ADA, RunKey("w", 2), None)
    assert answer is not None
    assert "I'm already following 1 log" in str(answer.text)


async def test_why_a_log_is_not_live(stage: Stage) -> None:
    """The run is unknown or has no card here. If the run is over, its log can be shown at once."""
    tail_log = stage.tail_log()
    assert await tail_log.begin_tail(ADA, RunKey("w", 404), None) is None
    assert "no run 404 in Bolt" in str(await tail_log.why_not(RunKey("w", 404)))
    assert await tail_log.begin_tail(Asker("T", "U0ADA", "C0OTHER"), KEY, None) is None
    assert "no card in this channel" in str(await tail_log.why_not(KEY))
    assert await tail_log.why_not(RunKey("w", 3)) is None
    later = await tail_log.begin_tail(ADA, KEY, 9)
    assert later is not None
    assert "hasn't started yet" in str(later.text)
