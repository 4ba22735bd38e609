"""What the flows need of Redis, as small protocols that `bot.store` implements, and the records that pass between the two.

All raise only the errors of `bot.core.model.errors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.core.model.audit import AuditEntry
from bot.core.model.bolt import (
    Command,
    Resource,
)
from bot.core.model.command import StartCommand
from bot.core.model.request import Approval, BlockingRun, Origin, Request, Rival, StartPlan
from bot.core.model.run import CancelWish, CardRef, End, Observation, Run, RunFacts, RunKey
from bot.core.views.live_log import LogBatch
from bot.flows.lease import Lease
from bot.flows.ports.slack import Asker


class Deliveries(Protocol):
    """What Slack has delivered: it may deliver the same thing twice."""

    async def is_new(self, delivery: str) -> bool:
        """Whether this is the first time, as far as the last minutes tell. Raises StoreUnavailable."""


# A channel gets a post each 1.1 s, and not every one of them is the card of a start.
CHANNEL_CARD_S = 1.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on intake. A person and a channel may ask for so much in `window_s` seconds.

    At most `waiting` starts are without a card, and `waiting_in_channel` in one channel: as many as can get one within
    `deadline_s`, after which a start is not sent.
    """

    user: int = 30
    channel: int = 100
    window_s: int = 10
    ask_again_s: float = 60
    deadline_s: float = 60
    waiting: int = 240
    waiting_in_channel: int = 50

    @classmethod
    def for_budget(cls, user: int, channel: int, *, posts_a_minute: int, deadline_s: float) -> Limits:
        """The bounds that fit the budget of posts and a start's deadline."""
        in_time = posts_a_minute * deadline_s / 60
        return cls(
            user,
            channel,
            deadline_s=deadline_s,
            waiting=max(1, int(in_time)),
            waiting_in_channel=max(1, int(min(in_time, deadline_s / CHANNEL_CARD_S))),
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """A start as a person asks for it. `id` is made of the delivery; `force` starts another of the same.

    `direct`: it was not asked for in its channel, so the person is answered by direct message.
    `origin` is what a card's button tells of the run that is to be retried. `slug` is that of the schedule meant, empty
    while that is not known.
    """

    id: str
    team: str
    channel: str
    user: str
    user_name: str
    wanted: StartCommand
    response_url: str = field(default="", repr=False)
    force: bool = False
    thread: str = ""
    direct: bool = False
    origin: Origin | None = None
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an asking.

    `word` is `new`, `known` (this delivery came before), `same` (`id` is the earlier request for the same
    start) or `full` (nothing is recorded).
    """

    word: str
    id: str
    asked_at: datetime


class Sending(StrEnum):
    """Whether a start may be sent now."""

    GO = "go"
    EXPIRED = "expired"
    BUSY = "busy"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Observed:
    """One run of a poll, and in how many seconds to poll it again."""

    key: RunKey
    seen: Observation
    next_s: float


@dataclass(frozen=True, slots=True)
class StrayRule:
    """How a run that Bolt only has an error for is asked for: in seconds, `least_s` to `most_s` apart; then it is lost."""

    least_s: float = 30
    most_s: float = 1800
    lost_after_s: float = 86_400


@dataclass(frozen=True, slots=True)
class WishAnswer:
    """What became of a wish to cancel: `new`, `already` (`wish` is the first one) or `final` (`state`)."""

    word: str
    wish: CancelWish | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A card's record: `id` is its name in the lanes."""

    id: str
    team: str
    ref: CardRef
    run: RunKey | None = None
    request: str | None = None
    file_id: str | None = None
    watcher: str | None = None


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """A run that someone wants to see in a channel. `state`: asked, looked (its card waits for a slot), refused, done."""

    key: RunKey
    asker: Asker
    facts: RunFacts
    asked_at: datetime
    state: str = "asked"
    why: str = ""

    @property
    def id(self) -> str:
        """Its name in the due set and in the lane: one a channel and run."""
        return f"{self.asker.channel}/{self.key.name}"


@dataclass(frozen=True, slots=True)
class ClaimedPost:
    """A claimed post. `record` and `field` name where its attempts are recorded."""

    lease: Lease
    urgency: str
    channel: str
    record: str
    field: str


@dataclass(frozen=True, slots=True)
class PostAttempt:
    """Whether a post may be sent: `go`, `done`, `lost`, or `half`, where an earlier attempt's outcome is unknown.

    Of such an attempt, `kind` is `sent` or `absent` (looked for once), `at` its time in unix seconds.
    """

    word: str
    kind: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody asked for: the log of a command, or with `resource` what it left behind.

    `thread` is the card of the run in this channel, None where it has none. `id` names the same file in the same channel.
    """

    id: str
    key: RunKey
    asker: Asker
    command: Command
    resource: Resource | None = None
    thread: CardRef | None = None
    file_id: str | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    """What became of an asking for a file: `new`, `known` (it is on its way), `done` (it is there) or `full`."""

    word: str
    thread: CardRef | None = None


@dataclass(frozen=True, slots=True)
class LogTail:
    """A log whose new lines come into the thread of the run's card in a channel.

    `command` and `cursor` say how far it has been posted, in `posts` posts; times are on Redis' clock. `refused`: how
    often in a row Bolt did not know the command. `pending` is what is about to be posted.
    """

    id: str
    key: RunKey
    asker: Asker
    card: CardRef
    begun_at: datetime
    command: int = 0
    cursor: str = ""
    posts: int = 0
    posted_at: datetime | None = None
    refused: int = 0
    pending: LogBatch | None = None


class Requests(Protocol):
    """Starts on record. A step returns False where the claim or the state has moved on."""

    async def accept(self, asked: Asked) -> Accepted: ...
    async def load_request(self, request_id: str) -> Request | None: ...
    async def looked(self, lease: Lease, request: Request, plan: StartPlan) -> bool: ...
    async def pending(self, lease: Lease, request: Request, plan: StartPlan, approval: Approval) -> bool: ...
    async def approved(self, lease: Lease, request: Request, plan: StartPlan) -> bool: ...
    async def decide(self, request: Request, user: str, *, yes: bool, why: str = "") -> str:
        """Somebody approves it, or does not: `ok`, `late`, or the state it is in."""

    async def refused(
        self,
        lease: Lease,
        request: Request,
        why: str,
        *,
        running: BlockingRun | None = None,
        near: tuple[str, ...] = (),
    ) -> bool: ...
    async def closed(self, lease: Lease, request: Request) -> bool: ...
    async def begin_sending(self, lease: Lease, request: Request, *, deadline_s: float, lease_s: float) -> Sending: ...
    async def not_sent(self, lease: Lease, request: Request, *, delay_s: float) -> bool: ...
    async def looking(self, lease: Lease, request: Request, *, delay_s: float) -> bool: ...
    async def unclear(self, lease: Lease, request: Request, candidates: tuple[int, ...], *, delay_s: float) -> bool: ...
    async def settle(self, request: Request, key: RunKey, *, told: bool, card_url: str | None = None) -> None: ...
    async def rivals(self, request: Request) -> tuple[Rival, ...]: ...
    async def lock(self, request: Request, hold_s: float) -> bool: ...
    async def unlock(self, request: Request) -> None: ...


class RunFollowers(Protocol):
    """Runs that are to be watched in a channel."""

    async def add_request(self, asker: Asker, key: RunKey, facts: RunFacts) -> tuple[str, str]:
        """Record it: `new`, `known` (and who asked first) or `card` (and its name)."""

    async def load_follow_request(self, name: str) -> FollowRequest | None: ...
    async def adopt(self, lease: Lease, watch: FollowRequest, facts: RunFacts, seen: Observation) -> str:
        """Follow the run; its card waits for a slot. `ok`, `lost` or `final`."""

    async def posted(self, post: ClaimedPost, watch: FollowRequest, card: CardRef, revision: str) -> str:
        """Its card is posted. `ok`, `gone`, or the name of the other card that it has there."""

    async def refuse(self, post: ClaimedPost, watch: FollowRequest, why: str) -> None: ...
    async def close(self, lease: Lease) -> None: ...


@dataclass(frozen=True, slots=True)
class WaitingStarts:
    """Some of the starts that wait, first one first, and how many there are."""

    total: int = 0
    starts: tuple[Request, ...] = ()


class StartQueue(Protocol):
    """Starts that wait for a run to end, a line a schedule."""

    async def enqueue(
        self, asked: Asked, plan: StartPlan, behind: RunKey, facts: RunFacts, *, most: int
    ) -> tuple[str, str]:
        """Record it: `new`, `known`, `same` or `full`, and the request's id."""

    async def check_turn(self, lease: Lease, *, longest_s: float, again_s: float) -> str:
        """`turn`, `late` or `unseen` (still claimed), `wait`, `gone` or `lost`."""

    async def take_turn(self, lease: Lease, request: Request, plan: StartPlan) -> bool: ...
    async def requeue(
        self, lease: Lease, request: Request, behind: RunKey | None, facts: RunFacts, *, delay_s: float
    ) -> bool:
        """Someone else was faster: it waits again, at its place."""

    async def waiting_of(self, user: str, *, most: int) -> WaitingStarts: ...
    async def waiting_in(self, channel: str, *, most: int) -> WaitingStarts: ...

    async def leave_queue(self, request_id: str, why: str, user: str = "") -> str:
        """It is not started. `ok`, or the state that it is in."""


class Runs(Protocol):
    """Runs on record."""

    async def load_run(self, key: RunKey) -> Run | None: ...
    async def load_card(self, team: str, card: CardRef) -> Card | None: ...
    async def known(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def started_by_us(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def overridden(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def restore_run(
        self, key: RunKey, facts: RunFacts, seen: Observation, team: str, card: CardRef, *, over: bool
    ) -> None: ...
    async def card_in(self, key: RunKey, channel: str) -> CardRef | None: ...
    async def store_observations(self, lease: Lease, claimed_us: int, observed: Sequence[Observed]) -> list[str]: ...
    async def make_due_now(self, keys: Sequence[RunKey], *, gap_s: float) -> int: ...
    async def stray(self, lease: Lease, rule: StrayRule) -> dict[str, str]: ...
    async def conclude(self, lease: Lease, run: Run, end: End) -> bool: ...
    async def late_log(self, lease: Lease, run: Run, end: End) -> None: ...
    async def final_since_s(self, key: RunKey) -> float: ...
    async def record_wish(
        self, key: RunKey, asker: Asker, at: datetime, facts: RunFacts, seen: Observation, card: CardRef | None
    ) -> WishAnswer: ...
    async def wisher(self, key: RunKey) -> Asker | None: ...
    async def cancel_asked(self, lease: Lease, key: RunKey, *, most: int) -> int: ...
    async def cancel_tries(self, key: RunKey) -> int: ...
    async def cancel_not_asked(self, key: RunKey) -> None: ...
    async def drop_wish(self, lease: Lease, key: RunKey, *, keep: bool) -> None: ...
    async def actor(self, workspace: str) -> str | None: ...
    async def learn_actor(self, workspace: str, actor: str) -> None: ...


class Admitted(StrEnum):
    """Whether something that a person asks for is dealt with.

    `FLOOD`: it is too much, and the person is to be told; `FLOODED`: the same, and told already. `REPLAY`: it was dealt with before.
    """

    OK = "ok"
    FLOOD = "flood"
    FLOODED = "flooded"
    REPLAY = "replay"


class Admissions(Protocol):
    """What people ask for, counted; and what of it was dealt with. A `delivery` is the same for each copy of one thing."""

    async def admit(self, user: str, channel: str, delivery: str) -> Admitted:
        """Whether to deal with it. An empty channel, or delivery, is none. Raises StoreUnavailable."""

    async def done(self, delivery: str) -> None:
        """It is dealt with and acknowledged. Raises StoreUnavailable."""


class Heard(Protocol):
    """Messages that were heard. `begin` says `new`, `begun` (another delivery of it is being dealt with) or `done`."""

    async def begin(self, delivery: str) -> str: ...
    async def done(self, delivery: str) -> None: ...


class Due(Protocol):
    """A due set, as far as a flow that holds a claim on it needs it."""

    async def renew(self, lease: Lease) -> int: ...
    async def give_back(self, lease: Lease, *, delay_s: float = 0) -> None: ...
    async def hold(self, for_s: float) -> None: ...


class EditLane(Protocol):
    """The lane of cards to be edited."""

    async def load_card(self, item: str) -> Card | None: ...
    async def shown(self, lease: Lease, revision: str) -> str: ...
    async def put_back(self, lease: Lease, *, delay_s: float) -> None: ...
    async def unshowable(self, lease: Lease, why: str) -> None: ...
    async def hold(self, for_s: float) -> None: ...


class PostLane(Protocol):
    """The lane of posts to be sent."""

    async def load_card(self, item: str) -> Card | None: ...
    async def attempt(self, post: ClaimedPost, mode: str = "first") -> PostAttempt: ...
    async def put_back(self, post: ClaimedPost, *, delay_s: float, record: str = "=") -> None: ...
    async def carded(self, post: ClaimedPost, request_id: str, team: str, card: CardRef) -> bool: ...
    async def refuse(self, post: ClaimedPost, request_id: str, why: str) -> None: ...
    async def posted(self, post: ClaimedPost, card: str, outcome: str, *, follow: str = "") -> str: ...
    async def load_digest(self, name: str) -> tuple[str, ...]: ...
    async def digested(self, post: ClaimedPost, name: str, ts: str, logs: Mapping[str, bool]) -> str: ...
    async def undigest(self, post: ClaimedPost, name: str, urgencies: Mapping[str, str]) -> None: ...
    async def unreachable_why(self, channel: str) -> str | None: ...
    async def mark_unreachable(self, channel: str, why: str, *, for_s: float) -> None: ...
    async def mark_reachable(self, channel: str) -> None: ...
    async def note_file(self, card: str, file_id: str) -> None: ...
    async def hold(self, for_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class IndexedRun:
    """A run that was found in an index, and its card: the one in the channel where it was found, else its owner."""

    run: Run
    card: CardRef | None = None


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Some of the runs of an index, and how many there are."""

    total: int = 0
    runs: tuple[IndexedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleHabit:
    """A schedule that a person often runs, and the channel of that person's last run of it."""

    slug: str
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class Habits:
    """Some of the schedules that a person often runs, and how many there are."""

    total: int = 0
    schedules: tuple[ScheduleHabit, ...] = ()


class Indexes(Protocol):
    """Which runs there are, of a person and of a channel. Raises StoreUnavailable."""

    async def active_of(self, user: str, *, skip: int = 0, most: int) -> IndexPage: ...
    async def active_in(
        self, channels: Sequence[str], *, skip: int = 0, most: int, without: str | None = None
    ) -> IndexPage: ...
    async def failed(self, user: str, channels: Sequence[str], *, skip: int = 0, most: int) -> IndexPage: ...
    async def habits(self, user: str, *, skip: int = 0, most: int) -> Habits: ...


class Audit(Protocol):
    """The record. Raises StoreUnavailable."""

    async def add_entry(self, entry: AuditEntry) -> None: ...
    async def now(self) -> datetime:
        """The time on the clock that dates the entries."""

    def newest_entries(self) -> AsyncIterator[AuditEntry]:
        """Every entry, the newest first."""


class Uploads(Protocol):
    """Files that somebody asked for, and that wait for their slot in the lane of posts."""

    async def add_upload(self, upload: Upload, *, posts_it_anyway: bool, most: int) -> UploadAnswer: ...
    async def load_upload(self, name: str) -> Upload | None: ...
    async def note_file(self, name: str, file_id: str) -> None: ...
    async def finish_upload(self, post: ClaimedPost, name: str, outcome: str) -> str: ...


class LogTails(Protocol):
    """Logs that are followed. One a run and channel."""

    async def begin_tail(self, key: RunKey, asker: Asker, command: int, *, most: int) -> str: ...
    async def load_tail(self, name: str) -> LogTail | None: ...
    async def drop_tail(self, name: str) -> bool: ...
    async def clear(self, name: str) -> None: ...
    async def note_progress(self, lease: Lease, command: int, cursor: str, refused: int, *, delay_s: float) -> None: ...
    async def push_batch(self, lease: Lease, batch: LogBatch, *, delay_s: float) -> bool: ...
    async def posted(self, post: ClaimedPost, following: LogTail, *, delay_s: float) -> str: ...
