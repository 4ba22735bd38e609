"""The commands to type, the clicks and the faults, each with its time: all drawn from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.watch_plan import WatchPlan, make_watch_plan, watch_strikes
from tests.chaos.withheld_plan import WithheldPlan, make_withheld_plan

BotIsIn = Literal["in", "public", "private"]

USERS = 6
COMMANDS_A_CHANNEL = 4
COMMANDS_A_SCHEDULE = 4
LINES_OF_RUNS = (
    ("sleep 2",),
    ("sleep 1", "dbt run"),
    ("sleep 3", "sleep 1"),
    ("sleep 1", "dbt run --select fail"),
    ("echo fail",),
    ("sleep 6",),
)
# A secret that a person may paste into a command, and that no one else may see.
PASTED = "hunter2-Pasted-Password"

# A replica's calls that a fault can hit, each with its weight in the random choice.
TARGETS: dict[str, int] = {
    "trigger": 8,
    "post:start": 5,
    "post:end": 5,
    "post": 2,
    "update": 4,
    "cancel": 4,
    "status": 3,
    "runs": 3,
    "schedules": 2,
    "log": 2,
    "share": 2,
    "read": 2,
    "respond": 2,
}
# How a fault affects calls, and how often each way is drawn. `kill_before` and `kill_after` end the replica that
# called, before or after the call took effect; `lost_*` drops the connection; `hang_*` answers long after the caller's
# timeout; `late` takes effect after it.
HOWS: dict[str, int] = {
    "kill_before": 4,
    "kill_after": 6,
    "lost_before": 2,
    "lost_after": 5,
    "hang_before": 1,
    "hang_after": 3,
    "late": 2,
    "slow": 2,
    "throttled": 3,
    "error_500": 1,
    "error_502": 2,
    "error_502_after": 2,
    "not_json": 1,
    "not_json_after": 2,
}
# The buttons that people click, and how often each one is drawn.
QUEUE, FOLLOW, DROP = "Run when it ends", "Follow this run", "Don't run"
PRESSED: dict[str, int] = {QUEUE: 6, FOLLOW: 3, DROP: 1}
# Other shocks, to a process, to Redis or to the sockets, and how often each one is drawn.
SHOCKS: dict[str, int] = {
    "kill": 5,
    "kill_at_ack": 3,
    "kill_at_click": 2,
    "drain": 2,
    "drain_and_kill": 3,
    "pause": 3,
    "redis_kill": 2,
    "redis_term": 1,
    "cut": 2,
    "deafen": 1,
}


@dataclass(frozen=True, slots=True)
class PlannedChannel:
    """A channel, and whether the bot is in it, could join it, or neither."""

    name: str
    bot: BotIsIn


@dataclass(frozen=True, slots=True)
class Timetable:
    """A schedule, and the commands of its runs. `exclusive`: Bolt refuses a second run while one is active."""

    slug: str
    commands: tuple[str, ...]
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that a person types `at` seconds after the start. `reason` is unique."""

    at: float
    number: int
    user: str
    channel: str
    schedule: str
    reason: str
    times: int = 1
    override: str = ""

    @property
    def text(self) -> str:
        """The text after `/bolt`."""
        override = f' --command "{self.override}"' if self.override else ""
        return f'run {self.schedule}{override} --reason "{self.reason}"'


@dataclass(frozen=True, slots=True)
class Click:
    """A click on *Cancel run* on some card that has the button then; `pick` chooses which, from 0 to 1."""

    at: float
    pick: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody presses a button with this label; `pick` chooses which of the newest ones visible then, from 0 to 1."""

    at: float
    label: str
    pick: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class Shock:
    """Something that happens to a process, to Redis or to the sockets, for `lasts` seconds or until a restart."""

    at: float
    what: str
    replica: int
    lasts: float


@dataclass(frozen=True, slots=True)
class Strike:
    """From `at` on, the next `count` calls that fit `target` are struck. `restart` applies to a killed replica."""

    at: float
    target: str
    how: str
    count: int = 1
    restart: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole seed: who is there, what happens and when."""

    seed: int
    replicas: int
    lasts: float
    fsync: str
    users: tuple[str, ...]
    channels: tuple[PlannedChannel, ...]
    timetables: tuple[Timetable, ...]
    typed: tuple[Typed, ...]
    clicks: tuple[Click, ...]
    presses: tuple[Press, ...]
    shocks: tuple[Shock, ...]
    strikes: tuple[Strike, ...]
    watched: WatchPlan = field(default_factory=WatchPlan)
    withheld: WithheldPlan = field(default_factory=WithheldPlan)
    secrets: tuple[str, ...] = field(default=(PASTED,))

    def lines(self) -> list[str]:
        """The faults in order, a line each."""
        told = [(one.at, f"{one.what} of replica {one.replica}, {one.lasts:.2f} s") for one in self.shocks]
        told += [(one.at, f"strike {one.target} {one.how} x{one.count}") for one in self.strikes]
        told += [(one.at, f"press {one.label}, pick {one.pick:.2f} x{one.times}") for one in self.presses]
        told += [(one.at, f"cancel click, pick {one.pick:.2f} x{one.times}") for one in self.clicks]
        told += [*self.watched.lines(), *self.withheld.lines()]
        first = f"seed {self.seed}: {len(self.typed)} commands in {self.lasts:.1f} s, {self.replicas} replicas, appendfsync {self.fsync}"
        return [first, *(f"  {at:6.2f} s  {what}" for at, what in sorted(told))]


def make_plan(seed: int, *, commands: int | None = None, replicas: int | None = None) -> Plan:
    """The plan of a seed, which is always the same."""
    rng = random.Random(seed)  # noqa: S311 - it has to be repeatable
    # Drawn even if they're given, so that the rest of the plan stays the same.
    drawn_commands, drawn_replicas, lasts = rng.randint(24, 60), rng.choice((2, 3, 3)), rng.uniform(8, 14)
    count, many = commands or drawn_commands, replicas or drawn_replicas
    users = tuple(f"user{number}" for number in range(USERS))
    channels, timetables = _channels(count), _timetables(count)
    # Each has its own random numbers, so that everything else is the same without it.
    of_watches = random.Random(f"watches of {seed}")  # noqa: S311 - as above
    watched = make_watch_plan(of_watches, lasts)
    of_withheld = random.Random(f"withheld of {seed}")  # noqa: S311 - as above
    return Plan(
        seed=seed,
        replicas=many,
        lasts=lasts,
        fsync=rng.choice(("always", "everysec")),
        users=users,
        channels=channels,
        timetables=timetables,
        typed=tuple(_typed(rng, seed, number, lasts, users, channels, timetables) for number in range(count)),
        clicks=tuple(_click(rng, lasts) for _ in range(max(2, count // 7))),
        presses=_presses(random.Random(f"presses of {seed}"), lasts, count),  # noqa: S311 - as above
        shocks=_shocks(rng, lasts, many),
        strikes=_strikes(rng, lasts, count) + _watch_strikes(of_watches, lasts, watched),
        watched=watched,
        withheld=make_withheld_plan(of_withheld, lasts, watched),
    )


def _channels(commands: int) -> tuple[PlannedChannel, ...]:
    many = max(6, commands // COMMANDS_A_CHANNEL)
    ours = [PlannedChannel(f"room{number}", "in") for number in range(many)]
    return (*ours, PlannedChannel("open-house", "public"), PlannedChannel("closed-shop", "private"))


def _timetables(commands: int) -> tuple[Timetable, ...]:
    many = max(len(LINES_OF_RUNS), commands // COMMANDS_A_SCHEDULE)
    return tuple(
        Timetable(f"job{number}", LINES_OF_RUNS[number % len(LINES_OF_RUNS)], exclusive=number % 3 == 1)
        for number in range(many)
    )


def _typed(
    rng: random.Random,
    seed: int,
    number: int,
    lasts: float,
    users: tuple[str, ...],
    channels: tuple[PlannedChannel, ...],
    timetables: tuple[Timetable, ...],
) -> Typed:
    at, dice = rng.uniform(0, lasts), rng.random()
    user, channel, timetable = rng.choice(users), rng.choice(channels), rng.choice(timetables)
    return Typed(
        at=at,
        number=number,
        user=user,
        channel=channel.name,
        schedule="no-such-job" if dice < 0.03 else timetable.slug,
        reason=f"chaos-{seed}-{number:04}",
        times=2 if rng.random() < 0.15 else 1,
        override=f"echo https://robot:{PASTED}@example.com fail" if 0.03 <= dice < 0.08 else "",
    )


def _click(rng: random.Random, lasts: float) -> Click:
    return Click(rng.uniform(2, lasts + 2), rng.random(), 2 if rng.random() < 0.25 else 1)


def _presses(rng: random.Random, lasts: float, commands: int) -> tuple[Press, ...]:
    """People who were refused queue their start or follow the run; some change their minds."""
    whats = rng.choices(list(PRESSED), list(PRESSED.values()), k=commands)
    return tuple(
        Press(rng.uniform(1, lasts + 2), what, rng.random(), 2 if rng.random() < 0.25 else 1) for what in whats
    )


def _shocks(rng: random.Random, lasts: float, replicas: int) -> tuple[Shock, ...]:
    whats = rng.choices(list(SHOCKS), list(SHOCKS.values()), k=rng.randint(2, 6))
    return tuple(Shock(rng.uniform(0.5, lasts), what, rng.randrange(replicas), _length(rng, what)) for what in whats)


def _length(rng: random.Random, what: str) -> float:
    if what in {"redis_kill", "redis_term"}:
        return rng.uniform(0.2, 2)
    if what == "pause":
        return rng.uniform(2.5, 5)
    if what == "deafen":
        return rng.uniform(1, 4)
    return rng.uniform(0.2, 3)


def _strikes(rng: random.Random, lasts: float, commands: int) -> tuple[Strike, ...]:
    many = rng.randint(6, 10 + commands // 4)
    return tuple(_strike(rng, lasts) for _ in range(many))


def _strike(rng: random.Random, lasts: float) -> Strike:
    (target,) = rng.choices(list(TARGETS), list(TARGETS.values()))
    (how,) = rng.choices(list(HOWS), list(HOWS.values()))
    count = 1 if how.startswith("kill") or rng.random() < 0.7 else rng.randint(2, 3)
    return Strike(rng.uniform(0, lasts + 2), target, how, count, rng.uniform(0.2, 3))


def _watch_strikes(rng: random.Random, lasts: float, watched: WatchPlan) -> tuple[Strike, ...]:
    if not watched.watches:
        return ()
    return tuple(Strike(at, target, how, 1, restart) for at, target, how, restart in watch_strikes(rng, lasts, HOWS))
