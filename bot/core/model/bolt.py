"""Records of the Bolt API as the rest of the bot uses them.

`bot.paradime` builds them from the API's responses. Times are UTC-aware; fields that the API leaves out are None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Deferral:
    """Turbo CI or deferral settings of a schedule."""

    enabled: bool
    schedule_name: str | None = None
    schedule_slug: str | None = None
    environment_slug: str | None = None
    successful_run_only: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification setting of a schedule: who is notified of which ends. `medium` is `email`, `slack` or `teams`."""

    medium: str
    channel: str
    events: tuple[str, ...] = ()
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule in the listing. `slug` falls back to `name` on backends without slugs."""

    id: int
    uuid: str
    name: str
    slug: str
    cron: str
    source: str
    owner: str | None = None
    suspended: bool | None = None
    last_run_at: datetime | None = None
    last_run_state: str | None = None
    next_run_at: datetime | None = None
    commands: tuple[str, ...] = ()
    git_branch: str | None = None
    turbo_ci: Deferral | None = None
    deferral: Deferral | None = None
    slack_on: tuple[str, ...] = ()
    slack_notify: tuple[str, ...] = ()
    email_on: tuple[str, ...] = ()
    email_notify: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleActivity:
    """The part of a listed schedule that changes when it runs.

    `slug` falls back to the name on backends without slugs. Bolt's documentation doesn't say whether the last run is
    the newest one or the newest finished one.
    """

    slug: str
    uuid: str = ""
    last_run_at: datetime | None = None
    last_run_state: str | None = None
    next_run_at: datetime | None = None
    suspended: bool | None = None


@dataclass(frozen=True, slots=True)
class ScheduleDetails:
    """A single schedule, looked up by its slug (`boltScheduleName`)."""

    latest_run_id: int | None
    commands: tuple[str, ...]
    owner: str | None
    cron: str
    uuid: str
    source: str
    suspended: bool | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in a schedule's listing, which is sorted newest first."""

    id: int
    state: str
    actor: str
    actor_email: str | None = None
    parent_run_id: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    branch: str | None = None
    commit: str | None = None
    pull_request: str | None = None


@dataclass(frozen=True, slots=True)
class BoltCommand:
    """A command of a run. `return_code` and `ended_at` are None until it has ended."""

    id: int
    text: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    return_code: int | None = None


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run as a poll returns it: its state in Bolt's own words, and the commands begun so far, in order."""

    state: str
    commands: tuple[BoltCommand, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """An artifact of a command; `path` is as the run wrote it (`target/run_results.json`)."""

    id: int
    path: str


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """A command with its whole output. stdout and stderr may be megabytes and contain ANSI color codes."""

    command: BoltCommand
    run_id: int | None
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)
    resources: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of a command's live log. Each of its `lines` is a stream (`STDOUT` or `STDERR`) and a text."""

    lines: tuple[tuple[str, str], ...]
    cursor: str
    finished: bool


@dataclass(frozen=True, slots=True)
class Trigger:
    """Arguments of `triggerBoltRun`. `slug` is the schedule's; if `commands` is empty, its own commands run."""

    slug: str
    branch: str | None = None
    pull_request: int | None = None
    commands: tuple[str, ...] = ()
    reason: str | None = None
    continue_on_error: bool | None = None
