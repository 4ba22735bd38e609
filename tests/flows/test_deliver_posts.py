"""How ends reach people: in one message if a channel has many, and directly if the channel refuses posts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.admission import Limits
from bot.core.model.bolt import BoltCommand
from bot.core.model.polling import Observed
from bot.core.model.run import End, Observation, Run, RunKey
from bot.core.text.message import Message
from bot.flows.conclude import LogReader
from bot.flows.deliver_posts import PostDeliverer
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.edit_cards import CardEditor
from bot.flows.lease import Lease
from bot.flows.private_replies import PrivateReplies
from bot.flows.run_stores import RunStores
from bot.slack.client import SlackChat
from bot.store.due_sets import DueSet
from bot.store.lanes import EditLane, PostLane, SlackBudget
from bot.store.run_followers import RunFollowers
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.start_queue import StartQueue
from bot.store.start_requests import StartRequests
from tests.store.record import follow_run

CHANNEL = "C0DATAENG"
FREE = SlackBudget(
    edits=1000, edits_for_changes=1000, edits_for_progress=1000, post_gap_s=0, channel_gap_s=0, upload_gap_s=0
)
OTHER = "C0MORE"
APP = "https://app.example"


@dataclass
class Stage:
    """A store, a local Slack, and the flows between them."""

    scripts: Scripts
    sandbox: Sandbox
    chat: SlackChat
    logs: LogReader | None = None

    def __post_init__(self) -> None:
        """Build the flows."""
        self.runs = Runs(self.scripts)
        limits = Limits(waiting_in_channel=1000)
        requests = StartRequests(self.scripts, limits)
        self.posts = PostLane(self.scripts, FREE, lease_s=10, upload_lease_s=60)
        self.edits = EditLane(self.scripts, FREE, lease_s=10)
        self.tell = PostDeliverer(
            self.chat,
            self.posts,
            RunStores(requests, StartQueue(self.scripts), self.runs, RunFollowers(self.scripts)),
            self.logs,  # type: ignore[arg-type]  # if none is given, no log is read
            PrivateReplies(self.chat),
            DeliverySettings(APP, settle_s=0.1),
        )
        self.show = CardEditor(self.chat, self.edits, requests, self.runs, app_url=APP)

    async def follow(self, run_id: int, channel: str = CHANNEL) -> str:
        """A run with a card; return the card's ts."""
        ts = await self.chat.post_message(channel, Message((f"card {run_id}",)), key=f"start:{run_id}")
        await follow_run(self.scripts, run_id, channel=channel, ts=ts, user="U0ADA")
        return ts

    async def end(self, run_id: int, state: str, *, log: str = "none") -> None:
        """See the run's end, and conclude it."""
        key = RunKey("w", run_id)
        token = int(await self.scripts.redis.zscore(self.scripts.key("due", "polls"), key.name) or 0)
        lease = Lease("polls", (key.name,), token, 0, 10)
        await self.runs.store_observations(lease, token * 2, [Observed(key, Observation(state), 5)])
        claimed = await DueSet(self.scripts, "ends", lease_s=10).claim(1)
        run = await self.run(run_id)
        assert claimed.lease is not None
        failed = BoltCommand(run_id, "dbt test", return_code=1) if log == "read" else None
        await self.runs.conclude(claimed.lease, run, End(failed=failed, excerpt="it broke" if failed else "", log=log))

    async def run(self, run_id: int) -> Run:
        """The stored run."""
        run = await self.runs.load_run(RunKey("w", run_id))
        assert run is not None
        return run

    async def post_one(self) -> str | None:
        """Send the most urgent post; return its kind."""
        taken = await self.posts.claim()
        if taken.lease is None:
            return None
        await self.tell.deliver_post(taken.lease, taken.item, taken.urgency, taken.channel)
        return taken.item.partition("/")[0]

    async def edit_all(self) -> None:
        """Bring all cards up to date."""
        while (taken := await self.edits.claim()).lease is not None:
            await self.show.edit_card(taken.lease, taken.item)

    def texts(self, channel: str = CHANNEL, *, thread: str | None = None) -> list[str]:
        """The messages in a channel, or in one of its threads, oldest first."""
        messages = self.sandbox.workspace.channel(channel).messages.values()
        return [one.text for one in messages if (one.thread_ts if one.is_reply else None) == thread]

    async def waiting(self) -> dict[str, int]:
        """How many members each set still has; all should be empty once everything is done."""
        found = {}
        for key in await self.scripts.redis.keys(self.scripts.key("posts", "*")):
            found[str(key)] = int(await self.scripts.redis.zcard(key))
        return {key: count for key, count in found.items() if count and key.count(":") > 3}


@pytest.fixture
async def stage(redis_client: Redis, sandbox: Sandbox) -> AsyncIterator[Stage]:
    """A stage with an empty store."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api", lambda text: text, call_s=10)
    chat.bot_user = sandbox.workspace.bot.id
    yield Stage(Scripts(redis_client, "test", retention_s=1000), sandbox, chat)
    await chat.close()


async def many_ends(stage: Stage, count: int = 25, failed: tuple[int, ...] = (7, 21)) -> dict[int, str]:
    """Make many runs end in one channel, and return the cards of the runs."""
    cards = {number: await stage.follow(number) for number in range(1, count + 1)}
    await stage.edit_all()
    for number in cards:
        await stage.end(number, "FAILED" if number in failed else "SUCCESS", log="read" if number in failed else "none")
    return cards


async def test_many_ends_of_a_channel_are_told_in_one_message(stage: Stage) -> None:
    """Failures come first, each with its run; a failure's log follows in the run's own thread."""
    cards = await many_ends(stage)
    assert await stage.post_one() == "digest"
    told = stage.texts()[-1]
    assert told.startswith("25 runs in this channel ended at the same time: 2 failed, 23 succeeded.")
    assert told.index("run 7)") < told.index("run 21)") < told.index("run 1)")
    assert all(f"run {number})" in told for number in cards)
    assert [await stage.post_one() for _ in range(2)] == ["late", "late"]
    assert stage.texts(thread=cards[7]) == ["The log of `dbt test`:"]
    assert stage.texts(thread=cards[1]) == []


async def test_a_few_ends_are_told_each_in_its_thread(stage: Stage) -> None:
    """Twenty aren't enough for one message."""
    await many_ends(stage, 20, ())
    assert {await stage.post_one() for _ in range(20)} == {"end"}
    assert await stage.post_one() is None


async def test_a_card_that_was_told_together_is_sealed(stage: Stage) -> None:
    """The run isn't left in any set, and its records expire."""
    await many_ends(stage, 25, ())
    await stage.post_one()
    await stage.edit_all()
    assert await stage.post_one() is None
    assert await stage.waiting() == {}
    record = await stage.scripts.redis.hgetall(stage.scripts.key("run", "w:1"))
    assert record["sealed"] == "1"
    for pattern in ("digest:*", "card:*", "run:*"):
        for key in await stage.scripts.redis.keys(stage.scripts.key(pattern)):
            assert await stage.scripts.redis.ttl(key) > 0, key


async def test_a_lost_reply_is_found_and_not_told_twice(stage: Stage) -> None:
    """As with every post, the attempt is recorded, and the channel is searched for it."""
    await many_ends(stage)
    stage.sandbox.workspace.faults.add(Fault("drop_after", "chat.postMessage"))
    assert await stage.post_one() == "digest"
    lane = stage.scripts.key("posts", "digest", CHANNEL)
    for key in (lane, stage.scripts.key("posts", "digest")):
        for member in await stage.scripts.redis.zrange(key, 0, -1):
            await stage.scripts.redis.zadd(key, {str(member): 1})
    await stage.scripts.redis.delete(stage.scripts.key("posts", "fail"), stage.scripts.key("posts", "end"))
    while await stage.post_one() == "digest":
        pass
    assert sum("in this channel ended at the same time" in text for text in stage.texts()) == 1


async def test_where_many_cannot_be_told_in_the_channel_each_is_told_directly(stage: Stage) -> None:
    """The channel is archived: each requester is told directly, with the reason, and the channel isn't tried again."""
    await many_ends(stage, 22)
    stage.sandbox.workspace.channel(CHANNEL).is_archived = True
    assert await stage.post_one() == "digest"
    while await stage.post_one():
        pass
    directs = [
        call for call in stage.sandbox.workspace.calls if call.what == "chat.postMessage" and call.outcome == "ok"
    ]
    told = [call.details["text"] for call in directs if "it's archived" in str(call.details.get("text"))]
    assert len(told) == 22
    refused = [call for call in stage.sandbox.workspace.calls if call.outcome == "is_archived"]
    assert len(refused) == 1
    assert await stage.waiting() == {}


async def test_a_channel_that_refuses_does_not_take_the_slots_of_others(stage: Stage) -> None:
    """After a channel's first refusal, its cards aren't edited anymore; the other channel's cards are."""
    for number in range(1, 6):
        await stage.follow(number)
    stage.sandbox.workspace.add_channel("more", "public", [stage.sandbox.workspace.bot.id], channel_id=OTHER)
    other = await stage.follow(6, OTHER)
    await stage.edit_all()
    stage.sandbox.workspace.channel(CHANNEL).is_archived = True
    await stage.end(1, "FAILED")
    assert await stage.post_one() == "end"
    for number in range(2, 6):
        await stage.end(number, "SUCCESS")
    await stage.end(6, "SUCCESS")
    before = len(stage.sandbox.workspace.calls)
    await stage.edit_all()
    edits = [call for call in list(stage.sandbox.workspace.calls)[before:] if call.what == "chat.update"]
    assert [call.outcome for call in edits] == ["ok"]
    assert edits[0].details["ts"] == other


async def test_a_channel_that_takes_a_card_again_is_restored(stage: Stage) -> None:
    """A new start there is always tried, because somebody may just have invited the bot."""
    await stage.posts.mark_unreachable(CHANNEL, "not_in_channel", for_s=600)
    await stage.follow(1)
    assert await stage.posts.unreachable_why(CHANNEL) == "not_in_channel"
    await stage.posts.mark_reachable(CHANNEL)
    assert await stage.posts.unreachable_why(CHANNEL) is None


async def test_nothing_grows_with_the_number_of_runs_ever_seen(stage: Stage) -> None:
    """Once everything is posted and shown, every key expires except for a fixed few."""
    kept: list[set[str]] = []
    for first in (1, 6, 16):
        for number in range(first, first + (5 if first == 1 else 10)):
            await stage.follow(number)
            await stage.end(number, "SUCCESS")
        while await stage.post_one():
            pass
        await stage.edit_all()
        redis = stage.scripts.redis
        kept.append({str(key) for key in await redis.keys("*") if await redis.ttl(key) == -1})
    assert kept[0] == kept[1] == kept[2]
    # A lane drops a channel when it next looks at it.
    assert len(kept[0]) <= 8, kept[0]
    for key in kept[0]:
        assert await stage.scripts.redis.zcard(key) <= 60 if "budget:edits" in key else True
