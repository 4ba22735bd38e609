"""Records of the sandbox's Bolt: schedules, the steps of their runs, and runs.

All durations here are at speed 1, except a run's.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args

UUIDS = uuid.UUID("6f1f5ac0-0f0a-4a8c-9a0a-0c5be1b0b017")
RESOURCES_A_COMMAND = 10


class Refused(Exception):  # noqa: N818 - an answer, not an error of the sandbox
    """A request is refused. The exception has the message that the API returns."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command's behavior: its duration, exit code, log, and the files it writes.

    `prints` is the command's stdout, in place of a log. The content of files that dbt itself wouldn't write is in
    `BoltWorld.files`.
    """

    command: str
    duration_s: float
    return_code: int = 0
    log: str = "shell"
    writes: tuple[str, ...] = ()
    continue_on_error: bool = False
    platform: bool = False
    prints: tuple[str, ...] = ()

    @property
    def is_dbt(self) -> bool:
        """Whether it's one of the schedule's dbt commands, not one of the platform's."""
        return self.command.startswith("dbt ") and not self.platform


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone or something that starts or cancels a run: a person, an API key or the scheduler."""

    name: str
    email: str | None = None
    may_write: bool = True


SCHEDULER = Actor("Bolt scheduler")
PERSON = Actor("Grace Hopper", "grace@acme-data.example")


@dataclass(frozen=True, slots=True)
class Character:
    """The behavior of a schedule's runs.

    `phases` are the states before RUNNING, each with its duration. `fails_first`: the failing steps fail in this many
    runs, then succeed once, and so on; None means that they always fail. `exclusive`: a second run is refused while one
    is active. `history` has one letter per past run, oldest first: S(uccess), F (as the steps say), C(ancelled).
    """

    steps: tuple[Step, ...]
    phases: tuple[tuple[str, float], ...] = (("STARTING", 1.0),)
    fails_as: str = "ERROR"
    fails_first: int | None = None
    skips: bool = False
    cancelled_after_s: float | None = None
    always_on: bool = False
    exclusive: bool = False
    history: str = ""


@dataclass(slots=True)
class Schedule:
    """A schedule as the API lists it. `character` describes how its runs behave.

    `period_s` is the time between its cron expression's starts. `first_slug` is set if its slug has changed.
    """

    id: int
    name: str
    slug: str
    character: Character
    cron: str = "OFF"
    period_s: int | None = None
    source: str = "ui"
    owner: str | None = None
    suspended: bool = False
    active: bool = True
    git_branch: str | None = "main"
    turbo_ci: dict[str, Any] | None = None
    deferral: dict[str, Any] | None = None
    slack: tuple[list[str], list[str]] = field(default_factory=lambda: ([""], [""]))
    email: tuple[list[str], list[str]] = field(default_factory=lambda: ([""], [""]))
    notifications: dict[str, Any] | None = None
    triggerable_from: datetime | None = None
    first_slug: str = ""

    @property
    def uuid(self) -> str:
        """A UUID derived from the first slug, so that it stays the same when the slug changes."""
        return str(uuid.uuid5(UUIDS, self.first_slug or self.slug))

    @property
    def commands(self) -> list[str]:
        """The schedule's own commands, without the platform's."""
        return [step.command for step in self.character.steps]


@dataclass(frozen=True, slots=True)
class Stop:
    """An external end of a run: at this time, the running command ends with this exit code."""

    at: datetime
    state: str
    return_code: int
    by: str


@dataclass(slots=True)
class Run:
    """A run, with everything needed to compute its state at any time. Its durations are already those at its `speed`.

    `secret` is the credential in its git clone. `reason` is stored but not readable, as in the API. The run isn't in
    listings before `listed_from`.
    """

    id: int
    slug: str
    created_at: datetime
    actor: Actor
    steps: tuple[Step, ...]
    phases: tuple[tuple[str, float], ...]
    first_command_id: int
    secret: str
    speed: float = 1.0
    fails_as: str = "ERROR"
    skips: bool = False
    branch: str | None = None
    commit: str | None = None
    commit_was_given: bool = False
    pull_request: int | None = None
    parent_id: int | None = None
    reason: str | None = None
    stop: Stop | None = None
    listed_from: datetime | None = None


Ends = Literal[
    "own",
    "success",
    "model_error",
    "other_error",
    "test_failure",
    "compile_error",
    "warehouse",
    "canceled",
    "skipped",
]
ENDS: tuple[Ends, ...] = get_args(Ends)


@dataclass(frozen=True, slots=True)
class Course:
    """How a run goes, decided at its start.

    `ends`: with `own`, the schedule's steps decide; any other value makes the run end that way (see
    `bolt_sandbox.bolt.course`). `state` replaces the state in which the schedule's runs fail. The run takes `slow`
    times as long as usual, or `takes_s` seconds in all, whatever the speed. It isn't in listings for its first
    `listed_after_s` seconds.
    """

    ends: Ends = "own"
    state: str | None = None
    slow: float = 1.0
    takes_s: float | None = None
    listed_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Start:
    """The options of a start besides the schedule. `commit` is used instead of the branch's own."""

    branch: str | None = None
    commit: str | None = None
    pull_request: int | None = None
    commands: tuple[tuple[str, bool | None], ...] = ()
    continue_on_error: bool = False
    reason: str | None = None
    parent_id: int | None = None
    course: Course = Course()


def hastened(step: Step, speed: float) -> Step:
    """Return the step at another speed."""
    return replace(step, duration_s=step.duration_s / speed)
