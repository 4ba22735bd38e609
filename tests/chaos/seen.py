"""The observations of one seed: plain data, which the checks judge. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

# The name of a disturbance for which only the machine is to blame.
STALL = "stall"


@dataclass(frozen=True, slots=True)
class Command:
    """A typed command. `problems`: one per delivery, "" if it was acknowledged; `answers`: the acknowledgements' texts.

    `told`: the messages sent to its own response_url.
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
    """A run in Bolt. `ended_at` is None while it's active."""

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
    """A message of the bot in a channel, outside threads. `text` includes the texts of its blocks."""

    channel: str
    ts: str
    key: str
    text: str
    runs: tuple[int, ...] = ()
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A message to one person without a response_url: an ephemeral or a direct message."""

    user: str
    text: str


@dataclass(frozen=True, slots=True)
class Struck:
    """A call hit by a fault. `executed`: the call took effect. `about`: its message's key, start's reason, or run."""

    at: float
    replica: int
    target: str
    how: str
    executed: bool
    about: str = ""


@dataclass(frozen=True, slots=True)
class Upset:
    """A time when a process was ended or stopped, Redis was away, or Slack and Bolt got no CPU time.

    `replica` is -1 if the time concerns Redis, or Slack and Bolt.
    """

    what: str
    replica: int
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Left:
    """A member that remains in a due set or a lane, due in `due_in` seconds. Only a request has a `state`."""

    set_name: str
    member: str
    due_in: float = 0.0
    state: str = ""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended, by itself or when asked. `excused`: why a status other than 0 is no fault."""

    replica: int
    status: int
    seconds: float = 0.0
    excused: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A click on *Cancel run*. `asked`: Bolt was asked to cancel; `answers`: the texts sent to its response_url."""

    run: int
    user: str
    at: float
    acknowledged: bool
    asked: bool
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press of another button.

    `request`: the request that *Run when it ends* made; `run`: the run that *Follow this run* is about. `refused`: the
    request that was refused; `reason`: the reason in its command. `answers`: what was sent to the response_url.
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
    """A finished run of a watched schedule, with Bolt's times. If it doesn't count, `failed` and `succeeded` are False.

    `counted`: digests count it. `over_at`: its end by our clock. `retried`: the run that this one retries at our
    request, or 0.
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
    """A channel's watch of a schedule. The watch covers runs that ended after `since` by Bolt's clock."""

    channel: str
    schedule: str
    since: float


@dataclass(frozen=True, slots=True)
class PostSeen:
    """A thread post in an incident's record. `errors`: the keys of the errors it names.

    `withdrawn`: the message after the bot's return to the channel covers it instead.
    """

    number: int
    kind: str
    run: int = 0
    errors: tuple[str, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class IncidentSeen:
    """An incident in Redis. `recent`: the runs that it counts, newest last; `waits`: an edit of its count is queued.

    `withheld`: something about it hasn't been posted in its channel yet. `listed` means that it's listed as open.
    `snoozed_ever`: somebody has snoozed it; `carded`: one of its runs has its own card here.
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
        """The key in its message's metadata; the keys of its posts begin with it."""
        return f"incident:{self.channel}:{self.schedule}:{self.serial}"

    @property
    def is_open(self) -> bool:
        """Whether the schedule is still failing."""
        return self.state in {"failing", "flapping"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of an incident or an outage (`thread` is ""), or a post in its thread."""

    channel: str
    ts: str
    thread: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Spell:
    """A period in which failures weren't posted to a channel at once."""

    channel: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class StopSeen:
    """A channel's watch was stopped, at this time by Bolt's clock and by ours."""

    channel: str
    at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class DigestSeen:
    """A digest whose time has come: its key, and the record of its post."""

    channel: str
    key: str
    post: str = ""


@dataclass(frozen=True, slots=True)
class TallySeen:
    """The counts of digests for a schedule."""

    schedule: str
    runs: int
    failures: int


@dataclass(frozen=True, slots=True)
class WatchesSeen:
    """Everything observed about watches. `asked_to_retry`: how many times somebody clicked to retry.

    `gaps` has a spell for each gap and each channel that was watching.
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
    """Everything that was seen."""

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
    # The ids of requests that are unclear or being looked for, each with the time at which it was sent.
    unclear: dict[str, float | None] = field(default_factory=dict)
    # Each text that is shown, preceded by its place.
    texts: tuple[tuple[str, str], ...] = ()
    logs: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    watched: WatchesSeen = field(default_factory=WatchesSeen)
    # Whether the driver waited for log files to be uploaded again, and for the bot to give up on lost starts.
    patient: bool = False
