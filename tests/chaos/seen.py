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
    # Waited until log files whose upload was cut off were tried again, and what is looked for was given up.
    patient: bool = False
