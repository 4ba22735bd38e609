"""The part of a plan about watches: who watches what, which runs Bolt's scheduler starts, and who handles failures."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bolt_sandbox.bolt.model import Ends

# Schedules that only Bolt's scheduler and retries start, the channels that watch them, and the shared channel.
PREFIX = "watched"
COMMANDS = ("dbt build",)
ROOMS = ("alarms0", "alarms1")
EVERYBODYS, JOBS = "room0", "job*"
# If more than five schedules fail in one channel, that's an outage.
HOW_MANY = (2, 3, 3, 8)
OTHER_BRANCH = "feature"
UNWATCHED_SEEDS = 0.2

ENDS: dict[Ends, int] = {
    "model_error": 4,
    "other_error": 2,
    "test_failure": 2,
    "compile_error": 1,
    "success": 6,
    "canceled": 1,
    "skipped": 1,
}
# The buttons that people press on an incident's message, and how often each is drawn.
TAKE, TAKE_OVER, LET_GO = "I'm on it", "Take over", "No longer on it"
SNOOZE, WAKE = "Snooze", "End snooze"
RETRY, CANCEL = "Retry failed", "Cancel retry"
HANDLED: dict[str, int] = {TAKE: 4, TAKE_OVER: 2, LET_GO: 2, SNOOZE: 2, WAKE: 2, RETRY: 4, CANCEL: 1}
# The calls that strikes may hit in addition to those in plan.py, and how often each is drawn.
TARGETS: dict[str, int] = {
    "post:incident": 6,
    "post:outage": 2,
    "post:quiet": 2,
    "post:gap": 2,
    "post:back": 2,
    "post:report": 2,
    "retry": 3,
    "update": 3,
    "runs": 3,
    "schedules": 3,
    "log": 2,
    "read": 2,
}


@dataclass(frozen=True, slots=True)
class PlannedWatch:
    """A channel starts watching a pattern, before everything else or `at` seconds after the start."""

    channel: str
    pattern: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """Bolt's scheduler starts a run that ends like this; runs of another branch or a pull request don't count."""

    at: float
    slug: str
    ends: Ends
    takes_s: float
    branch: str | None = None
    pull_request: int | None = None

    @property
    def apart(self) -> str:
        """The run's branch or pull request, for the plan's lines."""
        return f", branch {self.branch}" if self.branch else ", for a pull request" if self.pull_request else ""


@dataclass(frozen=True, slots=True)
class Handling:
    """A click on a button of an incident's message; `pick` chooses the message, the person and a menu's option."""

    at: float
    label: str
    pick: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """The whole plan; if it's empty, nothing is watched. `newcomer`: a schedule that's created at `arrives`."""

    slugs: tuple[str, ...] = ()
    newcomer: str = ""
    arrives: float = 0.0
    rooms: tuple[str, ...] = ()
    watches: tuple[PlannedWatch, ...] = ()
    runs: tuple[ScheduledRun, ...] = ()
    handlings: tuple[Handling, ...] = ()

    def lines(self) -> list[tuple[float, str]]:
        """The planned events, each with its time."""
        told = [(one.at or 0.0, f"watch {one.pattern} in {one.channel}") for one in self.watches]
        told += [(self.arrives, f"{self.newcomer} is created")] if self.newcomer else []
        told += [
            (one.at, f"the scheduler starts {one.slug}: {one.ends}, {one.takes_s:.1f} s{one.apart}")
            for one in self.runs
        ]
        told += [(one.at, f"press {one.label}, pick {one.pick:.2f} x{one.times}") for one in self.handlings]
        return told


def make_watch_plan(rng: random.Random, lasts: float) -> WatchPlan:
    """Draw the plan; one seed in five has none."""
    if rng.random() < UNWATCHED_SEEDS:
        return WatchPlan()
    slugs = tuple(f"{PREFIX}{number}" for number in range(rng.choice(HOW_MANY)))
    newcomer, arrives = f"{PREFIX}-new", rng.uniform(0.5, lasts - 2)
    first, second = ROOMS
    watches = [PlannedWatch(first, f"{PREFIX}*"), PlannedWatch(second, rng.choice(slugs), rng.uniform(0.5, lasts))]
    if rng.random() < 0.5:
        watches.append(PlannedWatch(EVERYBODYS, JOBS))
    labels = rng.choices(list(HANDLED), list(HANDLED.values()), k=rng.randint(4, 12))
    return WatchPlan(
        slugs,
        newcomer,
        arrives,
        ROOMS,
        tuple(watches),
        (
            *(_run(rng, 0, lasts, slug) for slug in slugs for _ in range(rng.randint(2, 6))),
            *(_run(rng, arrives + 0.1, lasts, newcomer) for _ in range(rng.randint(1, 3))),
        ),
        tuple(
            Handling(rng.uniform(2, lasts + 2), label, rng.random(), 2 if rng.random() < 0.25 else 1)
            for label in labels
        ),
    )


def _run(rng: random.Random, since: float, lasts: float, slug: str) -> ScheduledRun:
    (ends,) = rng.choices(list(ENDS), list(ENDS.values()))
    branch, pull_request = rng.choice(((None, None),) * 8 + ((OTHER_BRANCH, None), (None, 7)))
    return ScheduledRun(rng.uniform(since, lasts), slug, ends, rng.uniform(0.5, 4), branch, pull_request)


def watch_strikes(rng: random.Random, lasts: float, hows: dict[str, int]) -> list[tuple[float, str, str, float]]:
    """The strikes on watches' calls: when, which call and how, and the seconds until a killed replica is restarted."""
    many = rng.randint(2, 6)
    targets = rng.choices(list(TARGETS), list(TARGETS.values()), k=many)
    drawn = rng.choices(list(hows), list(hows.values()), k=many)
    return [
        (rng.uniform(0.5, lasts + 2), target, how, rng.uniform(0.2, 3))
        for target, how in zip(targets, drawn, strict=True)
    ]
