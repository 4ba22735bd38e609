"""Commands as frozen records. `bot.core.commands.grammar` parses them; `canonical` writes them back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bot.core.model.watch import Only, Quiet, SlowAfter, Watch
from bot.core.text.quoting import quoted

HISTORY_RUNS = 30
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Start a run. `schedule_text` is a name or slug as typed; without `commands`, the schedule's own are run."""

    schedule_text: str
    branch: str | None = None
    pull_request: int | None = None
    commands: tuple[str, ...] = ()
    reason: str | None = None
    continue_on_error: bool = False

    def __str__(self) -> str:
        parts = ["run", quoted(self.schedule_text)]
        parts += ["--branch", quoted(self.branch)] if self.branch else []
        parts += ["--pr", str(self.pull_request)] if self.pull_request else []
        for one in self.commands:
            parts += ["--command", quoted(one)]
        parts += ["--reason", quoted(self.reason)] if self.reason else []
        parts += ["--continue-on-error"] if self.continue_on_error else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class RunForm:
    """Open the form for starting a run."""

    def __str__(self) -> str:
        return "run"


@dataclass(frozen=True, slots=True)
class RetryCommand:
    """Retry a run: its failed commands, or all of them with `every`.

    The run is `run_id`, or else the latest failed run of a schedule: `schedule_text` is its name or slug as typed.
    """

    every: bool
    run_id: int | None = None
    schedule_text: str | None = None

    def __str__(self) -> str:
        return f"retry {self.run_id or quoted(self.schedule_text or '')}{' --all' if self.every else ''}"


@dataclass(frozen=True, slots=True)
class RetryFailingCommand:
    """Retry the newest failed run of every schedule that is failing in this channel, after a confirmation."""

    def __str__(self) -> str:
        return "retry --failing"


@dataclass(frozen=True, slots=True)
class CancelCommand:
    """Cancel a run."""

    run_id: int

    def __str__(self) -> str:
        return f"cancel {self.run_id}"


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """Show the status of a run, or of a schedule's latest run; with neither, of this channel's active runs."""

    run_id: int | None = None
    schedule_text: str | None = None

    def __str__(self) -> str:
        return f"status {self.run_id or (quoted(self.schedule_text) if self.schedule_text else '')}".rstrip()


@dataclass(frozen=True, slots=True)
class SeveralCommand:
    """Cancel several runs, or show the status of each: two to ten commands of one kind."""

    commands: tuple[CancelCommand, ...] | tuple[StatusCommand, ...]

    def __str__(self) -> str:
        verb = "cancel" if isinstance(self.commands[0], CancelCommand) else "status"
        return " ".join([verb, *(str(one.run_id) for one in self.commands)])


@dataclass(frozen=True, slots=True)
class LatestRunCommand:
    """Apply `verb` to a schedule's active or else latest run; without `schedule_text`, to this channel's newest run.

    `number` and `follow` are those of `LogsCommand`.
    """

    verb: Literal["status", "logs", "artifacts"]
    schedule_text: str | None = None
    number: int | None = None
    follow: bool = False

    def __str__(self) -> str:
        parts = [self.verb, quoted(self.schedule_text) if self.schedule_text else "last"]
        parts += [str(self.number)] if self.number else []
        return " ".join([*parts, *(["--follow"] if self.follow else [])])


@dataclass(frozen=True, slots=True)
class ListCommand:
    """List schedules by part of their name, slug or owner; with a flag, only inactive, suspended or failing ones."""

    text: str = ""
    inactive: bool = False
    suspended: bool = False
    failing: bool = False

    def __str__(self) -> str:
        flags = [f"--{name}" for name in ("inactive", "suspended", "failing") if getattr(self, name)]
        return " ".join(["list", *([quoted(self.text)] if self.text else []), *flags])


@dataclass(frozen=True, slots=True)
class ShowCommand:
    """Show a schedule's details."""

    schedule_text: str

    def __str__(self) -> str:
        return f"show {quoted(self.schedule_text)}"


@dataclass(frozen=True, slots=True)
class RunsCommand:
    """List the recent runs of a schedule."""

    schedule_text: str

    def __str__(self) -> str:
        return f"runs {quoted(self.schedule_text)}"


@dataclass(frozen=True, slots=True)
class LogsCommand:
    """Show a command's log: the `number`th (from 1), else the failed one. `follow` posts it live while it runs."""

    run_id: int
    number: int | None = None
    follow: bool = False

    def __str__(self) -> str:
        return f"logs {self.run_id}{f' {self.number}' if self.number else ''}{' --follow' if self.follow else ''}"


@dataclass(frozen=True, slots=True)
class ArtifactsCommand:
    """List the artifacts of each command of a run."""

    run_id: int

    def __str__(self) -> str:
        return f"artifacts {self.run_id}"


@dataclass(frozen=True, slots=True)
class PauseCommand:
    """Pause a schedule (`pause`), or resume it."""

    schedule_text: str
    pause: bool

    def __str__(self) -> str:
        return f"{'pause' if self.pause else 'resume'} {quoted(self.schedule_text)}"


@dataclass(frozen=True, slots=True)
class WatchCommand:
    """Watch schedules in this channel. `pattern_text` is a name, a slug or a glob as typed.

    The fields are those of `Watch`, each None if its option isn't given. `late_s` 0 and an empty `slow` mean off.
    """

    pattern_text: str
    owner: str | None = None
    branch: str | None = None
    pull_requests: bool = False
    only: Only | None = None
    mention: str | None = None
    late_s: float | None = None
    slow: SlowAfter | None = None
    quiet: Quiet | None = None
    time_zone: str | None = None

    def __str__(self) -> str:
        given = {
            "owner": quoted(self.owner) if self.owner else None,
            "branch": quoted(self.branch) if self.branch else None,
            "only": self.only,
            "mention": _mention(self.mention) if self.mention else None,
            "late": None if self.late_s is None else late_in_words(self.late_s),
            "slow": None if self.slow is None else slow_in_words(self.slow),
            "quiet": f"{self.quiet.begin}-{self.quiet.end}" if self.quiet else None,
            "tz": self.time_zone,
        }
        options = [f"--{name} {value}" for name, value in given.items() if value is not None]
        return " ".join(["watch", quoted(self.pattern_text), *options, *(["--prs"] if self.pull_requests else [])])


def _mention(mention: str) -> str:
    if mention in {"owner", "none"}:
        return mention
    return f"<!subteam^{mention}>" if mention.startswith("S") else f"<@{mention}>"


def slow_in_words(slow: SlowAfter) -> str:
    """Write the limit for slow runs in the option's syntax."""
    return f"{slow.factor:g}x" if slow.factor else late_in_words(slow.seconds or 0)


def late_in_words(seconds: float) -> str:
    """Write a time in the options' syntax, 0 as `off`."""
    return f"{seconds / 60:.0f}m" if seconds else "off"


@dataclass(frozen=True, slots=True)
class WatchForm:
    """Open the form for a watch: a new one, or the channel's watch with this number."""

    number: int | None = None

    def __str__(self) -> str:
        return f"watch --edit {self.number}" if self.number else "watch"


@dataclass(frozen=True, slots=True)
class WatchesCommand:
    """List what this channel watches, or what every channel watches."""

    every: bool = False

    def __str__(self) -> str:
        return f"watches{' --all' if self.every else ''}"


@dataclass(frozen=True, slots=True)
class UnwatchCommand:
    """Stop a watch of this channel: by its number, a schedule, or its pattern."""

    watch_text: str

    def __str__(self) -> str:
        return f"unwatch {quoted(self.watch_text)}"


@dataclass(frozen=True, slots=True)
class FailingCommand:
    """List what is failing in this channel, or in every channel."""

    every: bool = False

    def __str__(self) -> str:
        return f"failing{' --all' if self.every else ''}"


@dataclass(frozen=True, slots=True)
class DigestCommand:
    """Set the time of this channel's digest: `daily`, or `weekly` on a `weekday`, at `clock` (HH:MM); or `off`.

    Without `every`, show the current setting. `weekday` is 0 for Monday.
    """

    every: Literal["daily", "weekly", "off"] | None = None
    clock: str = ""
    weekday: int | None = None
    time_zone: str | None = None

    def __str__(self) -> str:
        day = "" if self.weekday is None else WEEKDAYS[self.weekday]
        zone = f"--tz {self.time_zone}" if self.time_zone else ""
        return " ".join(word for word in ("digest", self.every or "", day, self.clock, zone) if word)


@dataclass(frozen=True, slots=True)
class HistoryCommand:
    """Chart the durations and outcomes of a schedule's newest `runs`."""

    schedule_text: str
    runs: int = HISTORY_RUNS

    def __str__(self) -> str:
        return f"history {quoted(self.schedule_text)}{f' --runs {self.runs}' if self.runs != HISTORY_RUNS else ''}"


@dataclass(frozen=True, slots=True)
class WhoamiCommand:
    """Show what the person may do here, and why."""

    def __str__(self) -> str:
        return "whoami"


@dataclass(frozen=True, slots=True)
class AuditCommand:
    """Show the audit log by person (an id, or a name without its @), by schedule, or since a time (`2d`, a date)."""

    user: str | None = None
    schedule_text: str | None = None
    since: str | None = None

    def __str__(self) -> str:
        given = {"user": self.user, "schedule": self.schedule_text, "since": self.since}
        return " ".join(["audit", *(f"--{name} {quoted(value)}" for name, value in given.items() if value)])


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """List all commands, or explain one; `topic` is a verb. `unknown` is what was typed if it isn't a verb."""

    topic: str | None = None
    unknown: str | None = None

    def __str__(self) -> str:
        if self.unknown is not None:
            return f"help {quoted(self.unknown)}"
        return f"help {self.topic}" if self.topic else "help"


# The commands that start a run.
StartCommand = RunCommand | RetryCommand
# The commands that start, cancel or change something, or open the form for that: never carried out on a guess.
ActingCommand = (
    RunCommand
    | RunForm
    | RetryCommand
    | CancelCommand
    | PauseCommand
    | WatchCommand
    | WatchForm
    | UnwatchCommand
    | DigestCommand
)
Command = (
    RunCommand
    | RunForm
    | RetryCommand
    | RetryFailingCommand
    | CancelCommand
    | StatusCommand
    | SeveralCommand
    | LatestRunCommand
    | ListCommand
    | ShowCommand
    | RunsCommand
    | LogsCommand
    | ArtifactsCommand
    | PauseCommand
    | WatchCommand
    | WatchForm
    | WatchesCommand
    | UnwatchCommand
    | FailingCommand
    | DigestCommand
    | HistoryCommand
    | WhoamiCommand
    | AuditCommand
    | HelpCommand
)


def with_name(start_command: StartCommand, name: str) -> StartCommand:
    """Return the same command for another name or slug."""
    return replace(start_command, schedule_text=name)


def command_of_watch(watch: Watch) -> WatchCommand:
    """Return the command that would make this watch."""
    return WatchCommand(
        watch.pattern,
        owner=watch.owner,
        branch=watch.branch,
        pull_requests=watch.pull_requests,
        only=watch.only if watch.only != "failures" else None,
        mention=watch.mention if watch.mention != "owner" else None,
        late_s=watch.late_s,
        slow=watch.slow,
        quiet=watch.quiet,
        time_zone=watch.time_zone,
    )


def canonical(command: Command) -> str:
    """Write a command, with Slack's escapes, so that parsing it gives the same command.

    Two ways of typing the same request give the same text.
    """
    return str(command)
