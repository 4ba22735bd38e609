"""A Bolt that records every call, and the files that its runs leave behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model.bolt import (
    BoltCommand,
    CommandOutput,
    LogPage,
    Resource,
    RunStatus,
    RunSummary,
    Schedule,
    ScheduleActivity,
    ScheduleDetails,
    Trigger,
)
from bot.core.model.errors import ApiError, BoltError, BoltOutcomeUnknown, BoltRejected
from bot.core.model.polling import Polled
from tests.flows.fakes.faults import Faults

NIGHTLY = Schedule(1, "u-1", "Nightly full build", "nightly", "OFF", "ui", commands=("dbt build",), git_branch="main")
HOURLY = Schedule(2, "u-2", "Hourly", "hourly", "OFF", "ui", commands=("dbt run",), git_branch="main")
OUR_ACTOR = "API key of the bot"


class FakeBolt:
    """A Bolt with some schedules. `runs_of` has each schedule's runs, newest first; `statuses` has all runs' states."""

    def __init__(self, *schedules: Schedule, inactive: Sequence[Schedule] = ()) -> None:
        self.faults = Faults(BoltOutcomeUnknown)
        self.active = list(schedules or (NIGHTLY, HOURLY))
        self.inactive = list(inactive)
        self.runs_of: dict[str, list[RunSummary]] = defaultdict(list)
        self.statuses: dict[int, RunStatus] = {}
        self.outputs: dict[int, CommandOutput] = {}
        self.files: dict[int, tuple[Resource, ...]] = {}
        self.run_ids: dict[int, int] = {}
        self.known: dict[int, int] = {}
        self.pages: dict[int, list[LogPage]] = {}
        self.sent: list[tuple[str, object]] = []
        self.reads: list[tuple[str, object]] = []
        self.clock: datetime | None = None
        self.bad: dict[str, BoltError] = {}
        self._newest = 100

    @property
    def batch_limit(self) -> int:
        """As many as Bolt allows."""
        return 100

    def add_run(
        self,
        slug: str,
        state: str,
        *,
        actor: str = "Bolt scheduler",
        branch: str | None = "main",
        parent: int | None = None,
        pull_request: str | None = None,
    ) -> int:
        """Add a run of a schedule; return its id."""
        self._newest += 1
        now = datetime.now(UTC)
        self.runs_of[slug].insert(
            0,
            RunSummary(
                self._newest,
                state,
                actor,
                parent_run_id=parent,
                started_at=now,
                branch=branch,
                pull_request=pull_request,
            ),
        )
        self.statuses[self._newest] = RunStatus(state, (BoltCommand(self._newest * 10, "dbt build", now),))
        return self._newest

    def end_run(self, run_id: int, state: str) -> None:
        """End a run."""
        self.statuses[run_id] = replace(self.statuses[run_id], state=state)
        for listed in self.runs_of.values():
            listed[:] = [replace(run, state=state) if run.id == run_id else run for run in listed]

    async def schedules(self, *, inactive: bool = False, suspended: bool | None = None) -> list[Schedule]:
        """List all active schedules, or all inactive ones."""
        self.reads.append(("schedules", (inactive, suspended)))
        self.faults.before("schedules")
        return [self._as_listed(one) for one in (self.inactive if inactive else self.active)]

    def time(self) -> datetime:
        """Bolt's clock."""
        return self.clock or datetime.now(UTC)

    async def activity(self) -> list[ScheduleActivity]:
        """The schedules' activity, taken from their newest runs."""
        self.reads.append(("activity", None))
        self.faults.before("activity")
        listed = [self._as_listed(one) for one in self.active]
        return [
            ScheduleActivity(one.slug, one.uuid, one.last_run_at, one.last_run_state, one.next_run_at, one.suspended)
            for one in listed
        ]

    def _as_listed(self, schedule: Schedule) -> Schedule:
        run = next(iter(self.runs_of[schedule.slug]), None)
        return replace(schedule, last_run_at=run.started_at, last_run_state=run.state) if run else schedule

    async def newest_runs(self, slugs: Sequence[str]) -> dict[str, list[RunSummary] | BoltError]:
        """Each schedule's newest runs, newest first."""
        self.reads.append(("newest_runs", tuple(slugs)))
        self.faults.before("newest_runs")
        return {slug: self.bad.get(slug) or self.runs_of[slug][:20] for slug in slugs}

    async def schedule(self, slug: str) -> ScheduleDetails:
        """One schedule's details."""
        self.reads.append(("schedule", slug))
        self.faults.before("schedule")
        for one in self.active:
            if one.slug == slug:
                return ScheduleDetails(None, one.commands, one.owner, one.cron, one.uuid, one.source, one.suspended)
        raise BoltRejected((ApiError(f"There is no schedule {slug}."),))

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[RunSummary]:
        """One schedule's runs, newest first."""
        self.reads.append(("runs", slug))
        self.faults.before("runs")
        return self.runs_of[slug][offset : offset + limit]

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """The states of those runs that are known."""
        self.faults.before("poll")
        return Polled({run_id: self.statuses[run_id] for run_id in run_ids if run_id in self.statuses})

    async def status(self, run_id: int) -> RunStatus:
        """One run's state."""
        self.reads.append(("status", run_id))
        self.faults.before("status")
        if run_id not in self.statuses:
            raise BoltRejected((ApiError(f"Run {run_id} not found."),))
        return self.statuses[run_id]

    async def command_output(self, command_id: int) -> CommandOutput:
        """A command with its log."""
        self.reads.append(("command_output", command_id))
        self.faults.before("command_output")
        if command_id not in self.outputs:
            raise BoltRejected((ApiError(f"Command {command_id} not found."),))
        return self.outputs[command_id]

    async def run_of_command(self, command_id: int) -> int | None:
        """The run that a command belongs to."""
        self.reads.append(("run_of_command", command_id))
        self.faults.before("run_of_command")
        return self.run_ids.get(command_id)

    def known_run_of(self, first_command_id: int) -> int | None:
        """The run that a command belongs to, as far as it's known without asking Bolt."""
        return self.known.get(first_command_id)

    async def command_log(self, command_id: int, cursor: str = "0:0") -> LogPage:
        """The next page of a log."""
        self.faults.before("command_log")
        pages = self.pages.get(command_id, [])
        return pages.pop(0) if pages else LogPage((), cursor, finished=True)

    async def resource_url(self, resource_id: int) -> str | None:
        """An address that works as soon as it's requested."""
        self.reads.append(("resource_url", resource_id))
        self.faults.before("resource_url")
        return f"https://storage.test/{resource_id}"

    async def resources(self, command_ids: Sequence[int]) -> dict[int, tuple[Resource, ...]]:
        """The files of the known commands."""
        self.reads.append(("resources", tuple(command_ids)))
        self.faults.before("resources")
        return {one: self.files[one] for one in command_ids if one in self.files}

    async def trigger(self, trigger: Trigger) -> int:
        """Start a new run."""
        return self._start("trigger", trigger, trigger.slug, trigger.branch or "main")

    async def cancel(self, run_id: int) -> None:
        """Accept the request; the run ends later."""
        self._do("cancel", run_id)

    async def retry(self, run_id: int) -> int:
        """Start a new run of what failed."""
        return self._start("retry", run_id, self._slug_of(run_id), "main", parent=run_id)

    async def retry_all(self, run_id: int) -> int:
        """Start a new run of everything."""
        return self._start("retry_all", run_id, self._slug_of(run_id), "main", parent=run_id)

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule."""
        self.sent.append(("suspend", (slug, suspend)))
        self.faults.before("suspend")
        self.active = [replace(one, suspended=suspend) if one.slug == slug else one for one in self.active]
        self.faults.after("suspend")

    def _slug_of(self, run_id: int) -> str:
        return next((slug for slug, runs in self.runs_of.items() if any(run.id == run_id for run in runs)), "")

    def _do(self, method: str, what: object) -> None:
        self.sent.append((method, what))
        self.faults.before(method)
        self.faults.after(method)

    def _start(self, method: str, what: object, slug: str, branch: str, *, parent: int | None = None) -> int:
        self.sent.append((method, what))
        self.faults.before(method)
        run_id = self.add_run(slug, "RUNNING", actor=OUR_ACTOR, branch=branch, parent=parent)
        self.faults.after(method)
        return run_id


class FakeDownloads:
    """Files by address."""

    def __init__(self, **files: bytes) -> None:
        self.faults = Faults(BoltOutcomeUnknown)
        self.files = {f"https://storage.test/{name.removeprefix('f')}": content for name, content in files.items()}
        self.fetched: list[str] = []

    async def fetch(self, url: str, *, most: int) -> bytes:
        """One file's content."""
        self.fetched.append(url)
        self.faults.before("fetch")
        return self.files[url][:most]
