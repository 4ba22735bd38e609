"""What was seen of one seed: plain data, from which everything is judged. Times are unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

# What an upset is called that is nobody's but the machine's.
STALL = "stall"


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was typed. `problems`: one a delivery, "" where it was acknowledged; `answers`: what those said.

    `told` is what its own response_url was used for.
    """

    number: int
    request: str
    user: str
    channel: str
    reason: str
    at: float
    problems: tuple[str, ...] = ("",)
    answers: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run as Bolt has it. `ended_at` is None while it goes on."""

    id: int
    reason: str
    at: float
    state: str
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A message in a card's thread, with the key in its metadata."""

    key: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Card:
    """A message of the bot in a channel, outside any thread. `text` is its text and that of its blocks."""

    channel: str
    ts: str
    key: str
    text: str
    runs: tuple[int, ...] = ()
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """Something that one person was told without a response_url: an ephemeral or a direct message."""

    user: str
    text: str


@dataclass(frozen=True, slots=True)
class Struck:
    """A call that was struck. `executed`: it took effect. `about`: its message's key, its start's reason, or its run."""

    at: float
    replica: int
    target: str
    how: str
    executed: bool
    about: str = ""


@dataclass(frozen=True, slots=True)
class Upset:
    """A time in which a process was ended or stopped, or Redis was away, or Slack and Bolt stood still for want of processor time.

    `replica` is -1 for the latter two.
    """

    what: str
    replica: int
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Left:
    """What still stands in a due set or a lane, and in how many seconds it is due. `state` is that of a request."""

    set_name: str
    member: str
    due_in: float = 0.0
    state: str = ""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended by itself or was asked to. `excused` says why another status than 0 is no fault."""

    replica: int
    status: int
    seconds: float = 0.0
    excused: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A click on *Cancel run*. `asked`: Bolt was asked to cancel; `answers`: what the click's response_url was used for."""

    run: int
    user: str
    at: float
    acknowledged: bool
    asked: bool
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press of another button. `request`: of *Run when it ends*, the new request; of *Follow this run*, `run`.

    `refused`: the request that was refused, and `reason` the command's that made it. `answers`: what the press's response_url was used for.
    """

    label: str
    user: str
    channel: str
    at: float
    acknowledged: bool
    request: str = ""
    refused: str = ""
    reason: str = ""
    run: int = 0
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EndSeen:
    """A run of a watched schedule that is over, as Bolt has it, with Bolt's times. `failed` and `succeeded` are both False if neither counts.

    `counted`: digests count it. `over_at`: when it was over by everybody else's clock. `retried`: the run that it retries, for us; 0 if it doesn't.
    """

    run: int
    schedule: str
    at: float
    started: float
    failed: bool = False
    succeeded: bool = False
    over_at: float = 0.0
    retried: int = 0
    counted: bool = False


@dataclass(frozen=True, slots=True)
class WatchSeen:
    """A channel watches a schedule, for runs that ended since then, by Bolt's clock."""

    channel: str
    schedule: str
    since: float


@dataclass(frozen=True, slots=True)
class PostSeen:
    """A thread post that an incident's record wants. `errors` are the keys that it names.

    `withdrawn`: the message at the bot's return to the channel tells it instead.
    """

    number: int
    kind: str
    run: int = 0
    errors: tuple[str, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class IncidentSeen:
    """An incident on record. `recent` are the runs that it counts, the newest last; `waits`: an edit of its count is queued.

    `withheld`: it has news that its channel still has to hear. `listed`: it's among the open ones. `snoozed_ever`: somebody clicked on that; `carded`: some run has its own card here.
    """

    channel: str
    schedule: str
    serial: int = 1
    state: str = "failing"
    failures: int = 1
    retries: int = 0
    runs: int = 1
    recent: tuple[int, ...] = ()
    errors: tuple[str, ...] = ()
    posts: tuple[PostSeen, ...] = ()
    ts: str = ""
    outage: int = 0
    reopened: int = 0
    retry: int = 0
    silent: bool = False
    seen_before: bool = False
    on_it: bool = False
    snoozed: bool = False
    waits: bool = False
    listed: bool = True
    snoozed_ever: bool = False
    carded: bool = False
    name: str = ""
    withheld: bool = False

    @property
    def key(self) -> str:
        """In the metadata of its message; those of its posts begin with it."""
        return f"incident:{self.channel}:{self.schedule}:{self.serial}"

    @property
    def is_open(self) -> bool:
        """Whether it still fails."""
        return self.state in {"failing", "flapping"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of an incident or an outage, or a post in its thread (`thread` is "" for the former)."""

    channel: str
    ts: str
    thread: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which a channel didn't hear of failures at once."""

    channel: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class StopSeen:
    """A channel's watch was stopped: when by Bolt's clock, and when by everybody else's."""

    channel: str
    at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class DigestSeen:
    """A digest whose time has come: its key, and what is on record of its post."""

    channel: str
    key: str
    post: str = ""


@dataclass(frozen=True, slots=True)
class TallySeen:
    """What digests count of a schedule."""

    schedule: str
    runs: int
    failures: int


@dataclass(frozen=True, slots=True)
class WatchesSeen:
    """All of it that is about watches. `asked_to_retry`: how often somebody clicked on that.

    `gaps` has a spell for each gap and channel that watched then.
    """

    watches: tuple[WatchSeen, ...] = ()
    ends: tuple[EndSeen, ...] = ()
    incidents: tuple[IncidentSeen, ...] = ()
    notices: tuple[Notice, ...] = ()
    asked_to_retry: int = 0
    quiet: tuple[Spell, ...] = ()
    gaps: tuple[Spell, ...] = ()
    absences: tuple[Spell, ...] = ()
    stops: tuple[StopSeen, ...] = ()
    digests: tuple[DigestSeen, ...] = ()
    tallies: tuple[TallySeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it."""

    commands: tuple[Command, ...] = ()
    runs: tuple[RunSeen, ...] = ()
    cards: tuple[Card, ...] = ()
    told: tuple[Told, ...] = ()
    struck: tuple[Struck, ...] = ()
    upsets: tuple[Upset, ...] = ()
    left: tuple[Left, ...] = ()
    exits: tuple[Exit, ...] = ()
    wishes: tuple[Wish, ...] = ()
    presses: tuple[Pressed, ...] = ()
    # The request's id of those whose record says that they are being looked for or unclear, with when it was sent.
    unclear: dict[str, float | None] = field(default_factory=dict)
    # Where it stands, and the text.
    texts: tuple[tuple[str, str], ...] = ()
    logs: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    watched: WatchesSeen = field(default_factory=WatchesSeen)
    # Waited until log files whose upload was cut off were tried again, and what is looked for was given up.
    patient: bool = False
