"""What the flows need of the world, as small protocols.

`bot.paradime` implements `Bolt`; `bot.slack` implements `Chat`; `bot.store` implements the rest. All raise only
the errors of `bot.core.errors`, and none repeats anything that might then be done twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.core.audit import Entry
from bot.core.bolt import (
    Command,
    CommandOutput,
    LogPage,
    Resource,
    RunStatus,
    RunSummary,
    Schedule,
    ScheduleDetails,
    Trigger,
)
from bot.core.command import Wanted
from bot.core.errors import BoltError
from bot.core.following import Batch
from bot.core.history import History
from bot.core.message import Message
from bot.core.policy import Person, Place
from bot.core.posted import PostedButton
from bot.core.request import Approval, Look, Origin, Request, Rival, Running
from bot.core.run import CancelWish, CardRef, End, Observation, Run, RunFacts, RunKey
from bot.core.text import Sentence
from bot.flows.lease import Lease


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll of many runs told: a status for some, an error that concerns one run alone for others.

    A run in neither was not asked this time (the batch shrank) and is due again at once.
    """

    found: dict[int, RunStatus] = field(default_factory=dict)
    failed: dict[int, BoltError] = field(default_factory=dict)


class Bolt(Protocol):
    """The Bolt API of one workspace. Reads repeat a passing fault by themselves unless they say otherwise."""

    @property
    def batch_limit(self) -> int:
        """How many runs one poll may ask for at present, 1 to 100."""

    async def schedules(self, *, inactive: bool = False, suspended: bool | None = None) -> list[Schedule]:
        """Every active schedule, or every inactive one instead; all pages."""

    async def schedule(self, slug: str) -> ScheduleDetails:
        """One schedule. Raises BoltRejected where there is none of that slug."""

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[RunSummary]:
        """The newest runs of a schedule, newest first."""

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """The statuses of many runs, in one request where that works. Not repeated."""

    async def status(self, run_id: int) -> RunStatus:
        """One run's status. Raises BoltRejected where Bolt does not know the run."""

    async def command_output(self, command_id: int) -> CommandOutput:
        """A command with its whole output, within the client's bound on memory."""

    async def run_of_command(self, command_id: int) -> int | None:
        """The run that a command belongs to, None where Bolt does not tell."""

    def known_run_of(self, first_command_id: int) -> int | None:
        """The run whose first command that is, None where a poll or a question has not told it lately."""

    async def command_log(self, command_id: int, cursor: str = "0:0") -> LogPage:
        """A part of a command's live log."""

    async def resource_url(self, resource_id: int) -> str | None:
        """A short-lived download address: for a person at once, never stored or logged."""

    async def resources(self, command_ids: Sequence[int]) -> dict[int, tuple[Resource, ...]]:
        """What commands left behind, never their output. A command that Bolt does not know is left out."""

    async def trigger(self, trigger: Trigger) -> int:
        """Start a run and return its id. Sent at most once; BoltLost means that nobody knows."""

    async def cancel(self, run_id: int) -> None:
        """Ask for a run's end. Bolt says CANCELED in the status when it has come."""

    async def retry(self, run_id: int) -> int:
        """Start a run of the failed commands of another; the new id. Sent at most once."""

    async def retry_all(self, run_id: int) -> int:
        """Start a run of every command of another; the new id. Sent at most once."""

    async def retry_from_failure(self, slug: str) -> int:
        """Like `retry`, for the schedule's latest failed run. Sent at most once."""

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule that no YAML file defines."""


class Downloads(Protocol):
    """Files at the short-lived addresses that Bolt gives."""

    async def fetch(self, url: str, *, most: int) -> bytes:
        """A file. Raises BoltTooLarge above `most` bytes, DownloadRefused, BoltNotSent and BoltLost."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, and how to answer that person privately. `response_url` is a capability: never logged.

    `thread` is the timestamp of the thread's first message where one asked in a thread.
    """

    team: str
    user: str
    channel: str
    response_url: str = field(default="", repr=False)
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A message that was looked for is there."""

    ts: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The channel was read back to the attempt, and the message is not there."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The channel could not be read back far enough (a missing scope, say)."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as Slack has it. `ours`: the bot wrote it, so that its buttons and its key are the bot's own."""

    ours: bool
    buttons: tuple[PostedButton, ...] = ()
    key: str = ""


class Chat(Protocol):
    """Slack, as far as the flows need it. No call here waits for the budget: that was spent before.

    `key` names what a message is for. It travels in the message's metadata, so that a post whose reply
    was lost can be found again.
    """

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> str:
        """Post a message; its timestamp. Sent at most once. SlackLost: look for it with `find`."""

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours. Safe to repeat."""

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours; one that is gone already is no error."""

    async def find(
        self, channel: str, key: str, *, since: float, thread_ts: str | None = None
    ) -> Found | Absent | Unknown:
        """Look for our message with that key, posted at `since` (unix seconds, Slack's clock) or later."""

    async def join(self, channel: str) -> None:
        """Join a public channel. Raises ChannelRefused where that cannot be."""

    async def start_upload(self, filename: str, content: bytes, *, snippet: bool, alt: str | None = None) -> str:
        """Upload a file's bytes and return its id; `alt` is what stands for a picture. Nothing is visible until `share_upload`."""

    async def share_upload(
        self, channel: str, thread_ts: str | None, file_id: str, title: str, *, comment: Sentence = ()
    ) -> None:
        """Show an uploaded file in a thread, or in the channel. Sent at most once. SlackLost: look with `find_upload`."""

    async def find_upload(
        self, channel: str, thread_ts: str | None, file_id: str, *, since: float
    ) -> Found | Absent | Unknown:
        """Look for the message by which an uploaded file was shared in a thread, or in the channel."""

    async def permalink(self, channel: str, ts: str) -> str | None:
        """The web address of a message, None where Slack does not tell."""

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer privately through a response_url; `replace` replaces the message it came from."""

    async def whisper(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Show a message in a channel, or in a thread there, to one person only."""

    async def read(self, channel: str, ts: str, *, within_s: float) -> Posted | None:
        """Read a message of the channel back, None where there is none. Raises SlackError, also where a scope is missing."""

    async def direct(self, user: str, message: Message, *, key: str) -> str:
        """Post into the direct message with a person; its timestamp."""

    async def direct_channel(self, user: str) -> str:
        """The channel of the direct messages with a person."""


class Charts(Protocol):
    """Draws pictures."""

    async def draw(self, shown: History) -> bytes:
        """A history as a PNG. Raises NoChart where it cannot be drawn in time."""


class Deliveries(Protocol):
    """What Slack has delivered: it may deliver the same thing twice."""

    async def is_new(self, delivery: str) -> bool:
        """Whether this is the first time, as far as the last minutes tell. Raises StoreAway."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on intake. A person and a channel may ask for so much in `window_s` seconds; `waiting` starts without a card yet."""

    user: int = 30
    channel: int = 100
    window_s: int = 10
    ask_again_s: float = 60
    waiting: int = 240
    waiting_in_channel: int = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A start as a person asks for it. `id` is made of the delivery; `force` starts another of the same words.

    `direct`: it was not asked for in its channel, so the person is answered by direct message.
    `origin` is what a card's button tells of the run that is to be retried.
    """

    id: str
    team: str
    channel: str
    user: str
    user_name: str
    wanted: Wanted
    response_url: str = field(default="", repr=False)
    force: bool = False
    thread: str = ""
    direct: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an asking.

    `word` is `new`, `known` (this delivery came before), `same` (`id` is the earlier request of the same
    words) or `full` (nothing is recorded).
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
class Watch:
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
class Post:
    """A claimed post. `record` and `field` name where its attempts are recorded."""

    lease: Lease
    urgency: str
    channel: str
    record: str
    field: str


@dataclass(frozen=True, slots=True)
class Attempt:
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
class Following:
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
    pending: Batch | None = None


class Requests(Protocol):
    """Starts on record. A step returns False where the claim or the state has moved on."""

    async def accept(self, asked: Asked) -> Accepted: ...
    async def load(self, request_id: str) -> Request | None: ...
    async def looked(self, lease: Lease, request: Request, look: Look) -> bool: ...
    async def pending(self, lease: Lease, request: Request, look: Look, approval: Approval) -> bool: ...
    async def approved(self, lease: Lease, request: Request, look: Look) -> bool: ...
    async def decide(self, request: Request, user: str, *, yes: bool, why: str = "") -> str:
        """Somebody approves it, or does not: `ok`, `late`, or the state it is in."""

    async def refused(
        self, lease: Lease, request: Request, why: str, *, running: Running | None = None, near: tuple[str, ...] = ()
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


class Watches(Protocol):
    """Runs that are to be watched in a channel."""

    async def ask(self, asker: Asker, key: RunKey, facts: RunFacts) -> tuple[str, str]:
        """Record it: `new`, `known` (and who asked first) or `card` (and its name)."""

    async def load(self, name: str) -> Watch | None: ...
    async def adopt(self, lease: Lease, watch: Watch, facts: RunFacts, seen: Observation) -> str:
        """Follow the run; its card waits for a slot. `ok`, `lost` or `final`."""

    async def posted(self, post: Post, watch: Watch, card: CardRef, revision: str) -> str:
        """Its card is posted. `ok`, `gone`, or the name of the other card that it has there."""

    async def refuse(self, post: Post, watch: Watch, why: str) -> None: ...
    async def close(self, lease: Lease) -> None: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """Some of the starts that wait, first one first, and how many there are."""

    total: int = 0
    starts: tuple[Request, ...] = ()


class Lines(Protocol):
    """Starts that wait for a run to end, a line a schedule."""

    async def join(self, asked: Asked, look: Look, behind: RunKey, facts: RunFacts, *, most: int) -> tuple[str, str]:
        """Record it: `new`, `known`, `same` or `full`, and the request's id."""

    async def turn(self, lease: Lease, *, longest_s: float, again_s: float) -> str:
        """`turn`, `late` or `unseen` (still claimed), `wait`, `gone` or `lost`."""

    async def take_turn(self, lease: Lease, request: Request, look: Look) -> bool: ...
    async def again(
        self, lease: Lease, request: Request, behind: RunKey | None, facts: RunFacts, *, delay_s: float
    ) -> bool:
        """Someone else was faster: it waits again, at its place."""

    async def waiting_of(self, user: str, *, most: int) -> Waiting: ...
    async def waiting_in(self, channel: str, *, most: int) -> Waiting: ...

    async def leave(self, request_id: str, why: str, user: str = "") -> str:
        """It is not started. `ok`, or the state that it is in."""


class Runs(Protocol):
    """Runs on record."""

    async def load(self, key: RunKey) -> Run | None: ...
    async def card(self, team: str, card: CardRef) -> Card | None: ...
    async def known(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def started_by_us(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def overridden(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def restore(
        self, key: RunKey, facts: RunFacts, seen: Observation, team: str, card: CardRef, *, over: bool
    ) -> None: ...
    async def card_in(self, key: RunKey, channel: str) -> CardRef | None: ...
    async def observe(self, lease: Lease, claimed_us: int, observed: Sequence[Observed]) -> list[str]: ...
    async def hint(self, keys: Sequence[RunKey], *, gap_s: float) -> int: ...
    async def stray(self, lease: Lease, rule: StrayRule) -> dict[str, str]: ...
    async def conclude(self, lease: Lease, run: Run, end: End) -> bool: ...
    async def late_log(self, lease: Lease, run: Run, end: End) -> None: ...
    async def final_since_s(self, key: RunKey) -> float: ...
    async def wish(
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
        """Whether to deal with it. An empty channel, or delivery, is none. Raises StoreAway."""

    async def done(self, delivery: str) -> None:
        """It is dealt with and acknowledged. Raises StoreAway."""


class Heard(Protocol):
    """Messages that were heard. `begin` says `new`, `begun` (another delivery of it is being dealt with) or `done`."""

    async def begin(self, delivery: str) -> str: ...
    async def done(self, delivery: str) -> None: ...


class Due(Protocol):
    """A due set, as far as a flow that holds a claim on it needs it."""

    async def give_back(self, lease: Lease, *, delay_s: float = 0) -> None: ...
    async def hold(self, for_s: float) -> None: ...


class Edits(Protocol):
    """The lane of cards to be edited."""

    async def load(self, item: str) -> Card | None: ...
    async def shown(self, lease: Lease, revision: str) -> str: ...
    async def put_back(self, lease: Lease, *, delay_s: float) -> None: ...
    async def unshowable(self, lease: Lease, why: str) -> None: ...
    async def hold(self, for_s: float) -> None: ...


class Posts(Protocol):
    """The lane of posts to be sent."""

    async def load(self, item: str) -> Card | None: ...
    async def attempt(self, post: Post, mode: str = "first") -> Attempt: ...
    async def put_back(self, post: Post, *, delay_s: float, record: str = "=") -> None: ...
    async def carded(self, post: Post, request_id: str, team: str, card: CardRef) -> bool: ...
    async def refuse(self, post: Post, request_id: str, why: str) -> None: ...
    async def posted(self, post: Post, card: str, outcome: str, *, follow: str = "") -> str: ...
    async def load_digest(self, name: str) -> tuple[str, ...]: ...
    async def digested(self, post: Post, name: str, ts: str, logs: Mapping[str, bool]) -> str: ...
    async def undigest(self, post: Post, name: str, urgencies: Mapping[str, str]) -> None: ...
    async def aside(self, channel: str) -> str | None: ...
    async def set_aside(self, channel: str, why: str, *, for_s: float) -> None: ...
    async def restore(self, channel: str) -> None: ...
    async def note_file(self, card: str, file_id: str) -> None: ...
    async def hold(self, for_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Indexed:
    """A run that was found in an index, and its card: the one in the channel where it was found, else its owner."""

    run: Run
    card: CardRef | None = None


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Some of the runs of an index, and how many there are."""

    total: int = 0
    runs: tuple[Indexed, ...] = ()


@dataclass(frozen=True, slots=True)
class Habit:
    """A schedule that a person often runs, and the channel of that person's last run of it."""

    slug: str
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class Habits:
    """Some of the schedules that a person often runs, and how many there are."""

    total: int = 0
    schedules: tuple[Habit, ...] = ()


class Indexes(Protocol):
    """Which runs there are, of a person and of a channel. Raises StoreAway."""

    async def active_of(self, user: str, *, skip: int = 0, most: int) -> IndexPage: ...
    async def active_in(
        self, channels: Sequence[str], *, skip: int = 0, most: int, without: str | None = None
    ) -> IndexPage: ...
    async def failed(self, user: str, channels: Sequence[str], *, skip: int = 0, most: int) -> IndexPage: ...
    async def habits(self, user: str, *, skip: int = 0, most: int) -> Habits: ...


@dataclass(frozen=True, slots=True)
class Places:
    """The channels in which a person is, by id with their names, as far as Slack tells.

    `whole` is False where there may be more of them: Slack does not tell, or there are too many. `missing` is a sentence
    that says what is therefore left out, empty where that is nothing.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    missing: str = ""


class People(Protocol):
    """Who somebody is and what a channel is. What cannot be read is None in them, and they say why."""

    async def person(self, user: str, *, fresh: bool = False) -> Person:
        """Who a person is. `fresh`: the user groups are read anew."""

    async def place(self, channel: str) -> Place: ...
    async def group(self, name: str) -> str | None:
        """The id of a user group that the policy names, None where there is none or it cannot be read."""

    async def forget_groups(self) -> None: ...
    async def forget_place(self, channel: str) -> None: ...


class Audit(Protocol):
    """The record. Raises StoreAway."""

    async def add(self, entry: Entry) -> None: ...
    def newest(self) -> AsyncIterator[Entry]:
        """Every entry, the newest first."""


class Memberships(Protocol):
    """Who is in which channel."""

    async def of(self, user: str, *, fresh: bool = False) -> Places:
        """As was told some minutes ago at most; `fresh`: some seconds ago."""


class HomeTab(Protocol):
    """The Home tab of the app, which each person has."""

    async def publish(self, user: str, message: Message, *, page: int, replaces: str = "") -> bool:
        """Show something in it. `replaces`: the hash of what it must show now, else nothing is done; whether it was.

        Raises SlackError.
        """


class Uploads(Protocol):
    """Files that somebody asked for, and that wait for their slot in the lane of posts."""

    async def ask(self, upload: Upload, *, posts_it_anyway: bool, most: int) -> UploadAnswer: ...
    async def load(self, name: str) -> Upload | None: ...
    async def note_file(self, name: str, file_id: str) -> None: ...
    async def finish(self, post: Post, name: str, outcome: str) -> str: ...


class Followings(Protocol):
    """Logs that are followed. One a run and channel."""

    async def begin(self, key: RunKey, asker: Asker, command: int, *, most: int) -> str: ...
    async def load(self, name: str) -> Following | None: ...
    async def drop(self, name: str) -> bool: ...
    async def clear(self, name: str) -> None: ...
    async def moved(self, lease: Lease, command: int, cursor: str, refused: int, *, delay_s: float) -> None: ...
    async def push(self, lease: Lease, batch: Batch, *, delay_s: float) -> bool: ...
    async def posted(self, post: Post, following: Following, *, delay_s: float) -> str: ...
