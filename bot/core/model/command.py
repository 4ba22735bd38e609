"""What a person asks for, as frozen commands. `bot.core.commands.grammar` reads them; `canonical` writes them back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bot.core.text.quoting import quoted

HISTORY_RUNS = 30


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Start a run. `schedule` is a name or a slug, as it was typed; without `commands`, those of the schedule run."""

    schedule: str
    branch: str | None = None
    pull_request: int | None = None
    commands: tuple[str, ...] = ()
    reason: str | None = None
    continue_on_error: bool = False

    def __str__(self) -> str:
        parts = ["run", quoted(self.schedule)]
        parts += ["--branch", quoted(self.branch)] if self.branch else []
        parts += ["--pr", str(self.pull_request)] if self.pull_request else []
        for one in self.commands:
            parts += ["--command", quoted(one)]
        parts += ["--reason", quoted(self.reason)] if self.reason else []
        parts += ["--continue-on-error"] if self.continue_on_error else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class RunForm:
    """Ask for the form in which a run is put together."""

    def __str__(self) -> str:
        return "run"


@dataclass(frozen=True, slots=True)
class RetryCommand:
    """Start what failed of a run again, or `every` command of it.

    Either of that run, or of the latest failed one of a schedule (`latest_of`: its name or slug).
    """

    every: bool
    run_id: int | None = None
    latest_of: str | None = None

    def __str__(self) -> str:
        return f"retry {self.run_id or quoted(self.latest_of or '')}{' --all' if self.every else ''}"


@dataclass(frozen=True, slots=True)
class CancelCommand:
    """Cancel a run."""

    run_id: int

    def __str__(self) -> str:
        return f"cancel {self.run_id}"


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """Tell how a run stands, or the latest one of a schedule; nothing given: those that are active in this channel."""

    run_id: int | None = None
    schedule: str | None = None

    def __str__(self) -> str:
        return f"status {self.run_id or (quoted(self.schedule) if self.schedule else '')}".rstrip()


@dataclass(frozen=True, slots=True)
class SeveralCommand:
    """Cancel several runs, or show the status of each: two to ten commands of one kind."""

    commands: tuple[CancelCommand, ...] | tuple[StatusCommand, ...]

    def __str__(self) -> str:
        verb = "cancel" if isinstance(self.commands[0], CancelCommand) else "status"
        return " ".join([verb, *(str(one.run_id) for one in self.commands)])


@dataclass(frozen=True, slots=True)
class LatestRunCommand:
    """Read something of a schedule's active run, else of its latest one; without `schedule`, of this channel's newest run.

    `number` and `follow` are those of `LogsCommand`.
    """

    verb: Literal["status", "logs", "artifacts"]
    schedule: str | None = None
    number: int | None = None
    follow: bool = False

    def __str__(self) -> str:
        parts = [self.verb, quoted(self.schedule) if self.schedule else "last"]
        parts += [str(self.number)] if self.number else []
        return " ".join([*parts, *(["--follow"] if self.follow else [])])


@dataclass(frozen=True, slots=True)
class ListCommand:
    """Tell which schedules there are: those that hold `text`; inactive, suspended or failing ones only."""

    text: str = ""
    inactive: bool = False
    suspended: bool = False
    failing: bool = False

    def __str__(self) -> str:
        flags = [f"--{name}" for name in ("inactive", "suspended", "failing") if getattr(self, name)]
        return " ".join(["list", *([quoted(self.text)] if self.text else []), *flags])


@dataclass(frozen=True, slots=True)
class ShowCommand:
    """Tell all of a schedule."""

    schedule: str

    def __str__(self) -> str:
        return f"show {quoted(self.schedule)}"


@dataclass(frozen=True, slots=True)
class RunsCommand:
    """Tell the recent runs of a schedule."""

    schedule: str

    def __str__(self) -> str:
        return f"runs {quoted(self.schedule)}"


@dataclass(frozen=True, slots=True)
class LogsCommand:
    """Tell the log of a command of a run: the `number`th (from 1), else the failed one; `follow` it while it runs."""

    run_id: int
    number: int | None = None
    follow: bool = False

    def __str__(self) -> str:
        return f"logs {self.run_id}{f' {self.number}' if self.number else ''}{' --follow' if self.follow else ''}"


@dataclass(frozen=True, slots=True)
class ArtifactsCommand:
    """Tell what each command of a run left behind."""

    run_id: int

    def __str__(self) -> str:
        return f"artifacts {self.run_id}"


@dataclass(frozen=True, slots=True)
class SuspendCommand:
    """Pause a schedule (`suspend`), or resume it."""

    schedule: str
    suspend: bool

    def __str__(self) -> str:
        return f"{'pause' if self.suspend else 'resume'} {quoted(self.schedule)}"


@dataclass(frozen=True, slots=True)
class HistoryCommand:
    """Draw how long the newest `runs` of a schedule took and how they ended."""

    schedule: str
    runs: int = HISTORY_RUNS

    def __str__(self) -> str:
        return f"history {quoted(self.schedule)}{f' --runs {self.runs}' if self.runs != HISTORY_RUNS else ''}"


@dataclass(frozen=True, slots=True)
class WhoamiCommand:
    """Tell what one may do here, and why."""

    def __str__(self) -> str:
        return "whoami"


@dataclass(frozen=True, slots=True)
class AuditCommand:
    """Tell who asked for what: of a person (an id, or a name without its @), of a schedule, since when (`2d`, a date)."""

    user: str | None = None
    schedule: str | None = None
    since: str | None = None

    def __str__(self) -> str:
        given = {"user": self.user, "schedule": self.schedule, "since": self.since}
        return " ".join(["audit", *(f"--{name} {quoted(value)}" for name, value in given.items() if value)])


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """Tell what there is; `topic` is one of the verbs."""

    topic: str | None = None

    def __str__(self) -> str:
        return f"help {self.topic}" if self.topic else "help"


# What makes a run.
StartCommand = RunCommand | RetryCommand
Command = (
    RunCommand
    | RunForm
    | RetryCommand
    | CancelCommand
    | StatusCommand
    | SeveralCommand
    | LatestRunCommand
    | ListCommand
    | ShowCommand
    | RunsCommand
    | LogsCommand
    | ArtifactsCommand
    | SuspendCommand
    | HistoryCommand
    | WhoamiCommand
    | AuditCommand
    | HelpCommand
)


def name_of(wanted: StartCommand) -> str | None:
    """The name or slug of a schedule, as it was typed; None for the retry of a certain run."""
    return wanted.schedule if isinstance(wanted, RunCommand) else wanted.latest_of


def with_name(wanted: StartCommand, name: str) -> StartCommand:
    """The same of another schedule, or of the same one called otherwise."""
    return replace(wanted, schedule=name) if isinstance(wanted, RunCommand) else replace(wanted, latest_of=name)


def canonical(command: Command) -> str:
    """A command written so that it is read again as it is, with Slack's escapes like all that is typed.

    The same request typed in two ways is written the same.
    """
    return str(command)
