"""The flows of a start, with a real Redis, a fake Bolt and a fake Slack: one step at a time, without workers."""

from __future__ import annotations

from dataclasses import dataclass, field

from redis.asyncio import Redis

from bot.core.model.admission import Limits
from bot.core.model.asker import Asker
from bot.core.model.command import RunCommand, StartCommand
from bot.core.model.current import Current
from bot.core.model.request import Request, RequestState
from bot.core.model.run import CardRef, Run, RunKey
from bot.core.model.start import NewRequest
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Policy
from bot.core.text.message import Message
from bot.flows.accept_start import StartAccepter
from bot.flows.approve import ApprovalRules, StartApprovals
from bot.flows.authorize import Authorizer
from bot.flows.conclude import LogReader
from bot.flows.deliver_posts import PostDeliverer
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.edit_cards import CardEditor
from bot.flows.links import Links
from bot.flows.plan_start import StartPlanner
from bot.flows.private_replies import PrivateReplies
from bot.flows.run_listings import RunListings
from bot.flows.run_stores import RunStores
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.flows.start import RunStarter
from bot.flows.start_after_restore import EarlierStarts
from bot.flows.start_collaborators import StartCollaborators
from bot.flows.start_queue import QueuedStarts, QueueRules
from bot.flows.start_settings import StartSettings
from bot.store.audit_stream import Audit
from bot.store.due_sets import DueSet
from bot.store.lanes import EditLane, PostLane, SlackBudget
from bot.store.run_followers import RunFollowers
from bot.store.run_indexes import RunIndexes
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.start_queue import StartQueue
from bot.store.start_requests import StartRequests
from bot.workers.claims import keep_lease
from tests.flows.fakes import FakeBolt, FakeChat, FakePeople

APP = "https://app.example"
CHANNEL, ADA, BOB = "C1", "U0ADA", "U0BOB"
WANTED = RunCommand("nightly")
FREE = SlackBudget(
    edits=1000, edits_for_changes=1000, edits_for_progress=1000, post_gap_s=0, channel_gap_s=0, upload_gap_s=0
)

# Makes every member of the sorted sets of this pattern due.
ALL_DUE = """
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  if redis.call('TYPE', key).ok == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZADD', key, 1, member) end
  end
end
"""


def card_url(card: CardRef) -> str | None:
    """The address of a card."""
    return f"https://slack.test/{card.channel}/{card.ts}"


@dataclass
class Stage:
    """The parts. `woken` lists the workers that were woken, in order; times are in seconds."""

    redis: Redis
    policy: Policy = DEFAULT_POLICY
    deadline_s: float = 60
    look_for_s: float = 60
    settle_s: float = 0
    bolt: FakeBolt = field(default_factory=FakeBolt)
    chat: FakeChat = field(default_factory=FakeChat)
    people: FakePeople = field(default_factory=FakePeople)
    woken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build the flows."""
        self.scripts = scripts = Scripts(self.redis, "test", retention_s=1000)
        self.requests, self.runs, self.queue = StartRequests(scripts, Limits()), Runs(scripts), StartQueue(scripts)
        self.indexes, self.followers = RunIndexes(scripts), RunFollowers(scripts)
        self.audit = Audit(scripts, most=1000, days=9)
        self.due = {
            name: DueSet(scripts, name, lease_s=60) for name in ("requests", "queue", "approvals", "polls", "ends")
        }
        self.posts = PostLane(scripts, FREE, lease_s=60, upload_lease_s=60)
        self.edits = EditLane(scripts, FREE, lease_s=60)
        self.answers = PrivateReplies(self.chat)
        self.catalog = ScheduleCatalog(self.bolt)
        self.current_policy = Current(self.policy)
        self.authorizer = Authorizer(
            self.current_policy, self.people, self.runs, self.catalog, self.audit, workspace="w", mask=hide_secrets
        )
        self.planner = StartPlanner(
            self.bolt, self.runs, self.catalog, RunListings(self.bolt), workspace="w", mask=hide_secrets
        )
        self.accepter = StartAccepter(
            self.requests, self.catalog.slug_of, app_url=APP, card_url=card_url, accepted=self.wake("requests")
        )
        links = Links(APP, card_url)
        earlier = EarlierStarts(self.chat, self.requests, links, workspace="w")
        checks = StartCollaborators(self.planner, self.authorizer, earlier)
        stores = RunStores(self.requests, self.queue, self.runs, self.followers)
        self.starter = RunStarter(
            self.bolt,
            self.chat,
            stores,
            self.due["requests"],
            self.answers,
            checks,
            StartSettings("w", links, deadline_s=self.deadline_s, trigger_s=1, look_for_s=self.look_for_s),
        )
        self.queued = QueuedStarts(
            self.requests,
            self.queue,
            self.due["queue"],
            checks,
            QueueRules("w", links),
            start_queued=self.wake("asked"),
            queue_left=self.wake("left"),
        )
        self.approvals = StartApprovals(
            self.requests,
            self.due["approvals"],
            checks,
            ApprovalRules(APP, deadline_s=self.deadline_s),
            decided=self.wake("decided"),
        )
        self.logs = LogReader(self.bolt, hide_secrets)
        self.deliverer = PostDeliverer(
            self.chat,
            self.posts,
            stores,
            self.logs,
            self.answers,
            DeliverySettings(APP, deadline_s=self.deadline_s, call_s=1, settle_s=self.settle_s),
        )
        self.editor = CardEditor(self.chat, self.edits, self.requests, self.runs, app_url=APP)

    def wake(self, name: str) -> Wake:
        """A function that wakes a worker."""
        return Wake(name, self.woken)

    async def accept(
        self,
        name: str = "r1",
        start_command: StartCommand = WANTED,
        *,
        user: str = ADA,
        channel: str = CHANNEL,
        force: bool = False,
    ) -> Message | None:
        """Somebody asks for a start."""
        asked = NewRequest(name, "T", channel, user, user.lower(), start_command, f"https://hooks.test/{user}", force)
        return await self.accepter.accept_start(asked)

    async def advance(self, name: str = "requests") -> None:
        """Take one step with the request that is next in a due set, even if it isn't due yet."""
        due = self.due[name]
        for member in await self.redis.zrange(self.scripts.key("due", name), 0, -1):
            await self.redis.zadd(self.scripts.key("due", name), {str(member): 1})
        claimed = await due.claim(1)
        assert claimed.lease is not None, "nothing is due"
        steps = {
            "requests": self.starter.advance_start,
            "queue": self.queued.advance_queue,
            "approvals": self.approvals.advance_approval,
        }
        async with keep_lease(due, claimed.lease):
            await steps[name](claimed.lease)

    async def post(self) -> str | None:
        """Send the post that is next in the lane, even if it isn't due yet; return its kind."""
        await self.redis.eval(ALL_DUE, 0, self.scripts.key("posts", "*"))
        taken = await self.posts.claim()
        if taken.lease is None:
            return None
        await self.deliverer.deliver_post(taken.lease, taken.item, taken.urgency, taken.channel)
        return taken.item.partition("/")[0]

    async def edit(self) -> bool:
        """Edit the card that is next in the lane; return whether there was one."""
        taken = await self.edits.claim()
        if taken.lease is None:
            return False
        await self.editor.edit_card(taken.lease, taken.item)
        return True

    async def start(
        self, name: str = "r1", start_command: StartCommand = WANTED, *, user: str = ADA, channel: str = CHANNEL
    ) -> Request:
        """Take a start from the request to the run, or as far as it gets."""
        await self.accept(name, start_command, user=user, channel=channel)
        await self.advance()
        await self.post()
        await self.advance()
        return await self.request(name)

    async def request(self, name: str = "r1") -> Request:
        """The stored request."""
        found = await self.requests.load_request(name)
        assert found is not None
        return found

    async def state(self, name: str = "r1") -> RequestState:
        """How far a start has come."""
        return (await self.request(name)).state

    async def run(self, run_id: int) -> Run:
        """The stored run."""
        found = await self.runs.load_run(RunKey("w", run_id))
        assert found is not None
        return found

    def cards(self, channel: str = CHANNEL) -> list[str]:
        """The messages in a channel."""
        return self.chat.in_channel(channel)


@dataclass
class Wake:
    """Records that a worker was woken."""

    name: str
    woken: list[str]

    def __call__(self) -> None:
        """Wake it."""
        self.woken.append(self.name)


def asker(user: str = ADA, channel: str = CHANNEL, thread: str = "") -> Asker:
    """Somebody in a channel."""
    return Asker("T", user, channel, f"https://hooks.test/{user}", thread)


def hide_secrets(text: str) -> str:
    """Mask the one secret."""
    return text.replace("hunter2", "•••")


def sent(stage: Stage) -> list[str]:
    """The requests sent to Bolt."""
    return [method for method, _ in stage.bolt.sent]


async def carded(stage: Stage, start_command: StartCommand = RunCommand("nightly")) -> None:  # noqa: B008 - frozen
    """A start whose card is in the channel; nothing has been sent to Bolt yet."""
    await stage.accept(start_command=start_command)
    await stage.advance()
    await stage.post()
    assert await stage.state() is RequestState.CARDED
    assert stage.bolt.sent == []
