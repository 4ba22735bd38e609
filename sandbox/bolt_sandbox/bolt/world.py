"""The state of the sandbox's Bolt: schedules, runs and operations on them, faults, and recorded calls."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bolt_sandbox.bolt.book import RunBook
from bolt_sandbox.bolt.calls import CallRecord, Calls
from bolt_sandbox.bolt.catalog import opening_schedules, past_runs
from bolt_sandbox.bolt.faults import Fault, Faults
from bolt_sandbox.bolt.listing import Listing
from bolt_sandbox.bolt.model import (
    PERSON,
    RESOURCES_A_COMMAND,
    SCHEDULER,
    Actor,
    Course,
    Ends,
    Refused,
    Run,
    Schedule,
    Start,
    Step,
    Stop,
    hastened,
)
from bolt_sandbox.bolt.new_run import COLLEAGUE, STOPPED_CODE, Circumstances, new_run
from bolt_sandbox.bolt.output import Source
from bolt_sandbox.bolt.plan import healthy, plausible
from bolt_sandbox.bolt.run_state import (
    CommandView,
    ResourceView,
    RunView,
    find_command,
    observe,
    resources,
)
from bolt_sandbox.bolt.scheduler import Scheduler
from bolt_sandbox.bolt.warehouse import Outage, lose_warehouse

CANCEL_TAKES_S = 2.5
ALWAYS_ON_SINCE_S = 1200.0
URL_LIVES_S = 60
DOWNLOADS_KEPT = 100


def utc_now() -> datetime:
    """Return the time on this machine."""
    return datetime.now(UTC)


class BoltWorld:
    """The complete state of one Bolt API. Everything is a function of the clock; nothing runs in the background.

    `speed` 10 makes the runs that start from now on ten times as fast. `cancel_finished` is the result of cancelling a
    finished run, either `error` or `ok`. `open_end` is the end time of a command that hasn't ended: the schema allows
    empty and null, and the vendor's SDK accepts only the former. `invalid_status` is the HTTP status for an invalid
    query: 400 or 200. `tells_running_output`: whether a command's output can be read before it ends (not documented).
    `url_lives_s`: how long a download address is valid. `files`: contents of files that dbt doesn't write, by path.
    `downloads`: the requests for files, newest last, each with its path and headers. `tells_date`: whether responses
    have a Date header. `retries_end`: the outcome of retries.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = utc_now,
        speed: float = 1.0,
        seed: int = 1,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if speed <= 0:
            raise ValueError("speed is more than 0")
        self._clock = clock
        self.sleep = sleep
        self.faults = Faults()
        self.on_call: Callable[[CallRecord], None] | None = None
        self._first = speed, seed
        self._book = RunBook()
        self._begin()

    def reset(self) -> None:
        """Reset everything to the initial state. Numbers of runs and commands aren't reused."""
        self.faults.clear()
        before, self._book = self._book, RunBook()
        self._book.next_run_id, self._book.next_command_id = before.next_run_id, before.next_command_id
        self._begin()

    def _begin(self) -> None:
        speed, seed = self._first
        self._met = Circumstances(speed, random.Random(seed))  # noqa: S311 - the same world for the same seed
        self._clock_shift = self._advanced = timedelta()
        self.tells_date = True
        self.retries_end: Ends = "own"
        self.listing = Listing()
        self.scheduler = Scheduler()
        self.calls = Calls()
        self.cancel_finished = "error"
        self.open_end: str | None = ""
        self.invalid_status = 400
        self.tells_running_output = True
        self.url_lives_s = float(URL_LIVES_S)
        self.files: dict[str, bytes] = {}
        self.downloads: deque[tuple[str, dict[str, str]]] = deque(maxlen=DOWNLOADS_KEPT)
        self._schedules: dict[str, Schedule] = {each.slug: each for each in opening_schedules()}
        self._always_on = [slug for slug, each in self._schedules.items() if each.character.always_on]
        self._urls: dict[str, tuple[int, datetime]] = {}
        self._make_history()

    @property
    def speed(self) -> float:
        """The speed of runs that start from now on, as a multiple of the usual speed."""
        return self._met.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._met.speed = speed

    # The clock

    def clock(self) -> datetime:
        """Return the API's time."""
        return self._clock() + self._clock_shift + self._advanced

    @property
    def clock_shift_s(self) -> float:
        """How far the API's clock is from the true time."""
        return self._clock_shift.total_seconds()

    def advance(self, seconds: float) -> None:
        """Let time pass at once: runs progress, and the scheduler's slots come due."""
        self._advanced += timedelta(seconds=seconds)

    def shift_clock(self, seconds: float) -> None:
        """Set the API's clock this far from the true time. All other times move with the clock."""
        self._catch_up()
        by = timedelta(seconds=seconds) - self._clock_shift
        self._clock_shift += by
        for run in self._book.all():
            run.created_at += by
            run.listed_from = run.listed_from and run.listed_from + by
            run.stop = run.stop and replace(run.stop, at=run.stop.at + by)
        for schedule in self._schedules.values():
            schedule.triggerable_from = schedule.triggerable_from and schedule.triggerable_from + by
        self._urls = {token: (number, until + by) for token, (number, until) in self._urls.items()}
        self.scheduler.move(by)

    # Reading

    def schedules(self, *, active: bool = True) -> list[Schedule]:
        """Return the active schedules, or the inactive ones, in order."""
        self._catch_up()
        return [each for each in self._schedules.values() if each.active == active]

    def schedule(self, slug: str) -> Schedule:
        """Return one schedule, active or not. Raises Refused."""
        found = self._schedules.get(slug)
        if found is None:
            raise Refused(f"Schedule '{slug}' was not found")
        return found

    def name_of(self, slug: str) -> str:
        """Return a schedule's name, or its slug if it was removed."""
        found = self._schedules.get(slug)
        return slug if found is None else found.name

    def runs(self, slug: str | None = None) -> list[Run]:
        """Return the runs of a schedule, or all, newest first."""
        self._catch_up()
        runs = self._book.all() if slug is None else self._book.of_schedule(self.schedule(slug).slug)
        return runs[::-1]

    def newest_run(self, slug: str) -> Run | None:
        """Return the newest run of a schedule, or None."""
        self._catch_up()
        return self._book.newest(slug)

    def listed_runs(self, slug: str) -> tuple[list[Run], datetime]:
        """Return a schedule's runs as the listing shows them, newest first, and the time that it reflects. Raises Refused."""
        self._catch_up()
        return self.listing.runs(self._book.of_schedule(self.schedule(slug).slug), self.clock())

    def last_run(self, slug: str) -> tuple[datetime, str] | None:
        """Return when a schedule's last run began, and its state, both as listed."""
        return self.listing.last(self._book.of_schedule(slug), self.clock())

    def next_slot(self, schedule: Schedule) -> datetime | None:
        """Return when the scheduler starts a schedule next, or None."""
        return self.scheduler.next_slot(schedule, self.clock())

    def run(self, run_id: int) -> Run:
        """Return one run. Raises Refused."""
        self._catch_up()
        found = self._book.find(run_id)
        if found is None:
            raise Refused(f"Run {run_id} was not found")
        return found

    def view(self, run_id: int) -> RunView:
        """Return a run's current state. Raises Refused."""
        return observe(self.run(run_id), self.clock())

    def command(self, command_id: int) -> tuple[Run, RunView, CommandView]:
        """Return a command that has begun, with its run. Raises Refused."""
        run, now = self._book.of_command(command_id), self.clock()
        if run is not None:
            found = find_command(run, command_id, now)
            if found is not None:
                return run, observe(run, now), found
        raise Refused(f"Command {command_id} was not found")

    def resource(self, resource_id: int) -> ResourceView:
        """Return a file of a command that has ended. Raises Refused."""
        command_id = resource_id // RESOURCES_A_COMMAND
        if self._book.of_command(command_id) is not None:
            _run, view, command = self.command(command_id)
            for each in resources(view, command):
                if each.id == resource_id:
                    return each
        raise Refused(f"Resource {resource_id} was not found")

    def log_source(self, run: Run, command: CommandView) -> Source:
        """Return the source of a command's log."""
        step = command.step
        return Source(step.log, step.command, command.started_at, step.duration_s, run.id, step.prints)

    # Operations

    def start(self, slug: str, start: Start | None = None, actor: Actor = PERSON, *, ago_s: float = 0.0) -> Run:
        """Start a run, as triggerBoltRun does, or as if that had been `ago_s` seconds ago. Raises Refused."""
        start = start or Start()
        schedule, now = self.schedule(slug), self.clock()
        if not schedule.active:
            raise Refused(f"Schedule '{slug}' is not active")
        if schedule.triggerable_from is not None and now < schedule.triggerable_from:
            raise Refused(f"Schedule '{slug}' is not ready to be triggered yet")
        self._refuse_second(schedule)
        own = self._asked_steps(start) or self._own_steps(schedule)
        if start.continue_on_error and not start.commands:
            own = tuple(replace(step, continue_on_error=True) for step in own)
        return self._add_run(schedule, own, now - timedelta(seconds=ago_s), actor, start)

    def cancel(self, run_id: int, actor: Actor = PERSON) -> None:
        """Request a run's cancellation, which takes effect a moment later. Raises Refused."""
        run, now = self.run(run_id), self.clock()
        view = observe(run, now)
        has_ended = view.ended_at is not None
        if has_ended and self.cancel_finished == "error":
            raise Refused(f"Run {run_id} cannot be cancelled: it has already finished with {view.state}")
        at = now + timedelta(seconds=CANCEL_TAKES_S / self.speed)
        if not has_ended and (run.stop is None or run.stop.at > at):
            run.stop = Stop(at, "CANCELED", STOPPED_CODE, actor.name)

    def end(self, run_id: int, state: str) -> None:
        """End a run now, with this state. Raises Refused if it has ended."""
        run, now = self.run(run_id), self.clock()
        if observe(run, now).ended_at is not None:
            raise Refused(f"Run {run_id} has already ended")
        run.stop = Stop(now, state, 0 if state == "SUCCESS" else 1, "the control API")

    def retry(self, run_id: int, actor: Actor = PERSON) -> Run:
        """Start a run of the failed commands; the first dbt command among them becomes `dbt retry`. Raises Refused."""
        old = self.run(run_id)
        failed = [each for each in self._ended(run_id).commands if each.return_code and not each.step.platform]
        if not failed:
            raise Refused(f"Run {run_id} has no failed commands to retry")
        mended = self._mends(self.schedule(old.slug))
        steps = [hastened(each.step, 1 / old.speed) for each in failed]
        first_dbt = next((at for at, step in enumerate(steps) if step.is_dbt), None)
        if first_dbt is not None:
            steps[first_dbt] = _dbt_retry(steps[first_dbt], mended=mended)
        return self._again(run_id, tuple(healthy(step) if mended else step for step in steps), actor)

    def retry_all(self, run_id: int, actor: Actor = PERSON) -> Run:
        """Start a run of all of a run's commands except the platform's. Raises Refused."""
        self._ended(run_id)
        old = self.run(run_id)
        steps = tuple(hastened(step, 1 / old.speed) for step in old.steps if not step.platform)
        return self._again(run_id, steps, actor)

    def retry_from_failure(self, slug: str, actor: Actor = PERSON) -> Run:
        """Retry the schedule's latest failed run. Raises Refused."""
        for run in self.runs(slug):
            if self.view(run.id).state in ("ERROR", "FAILED"):
                return self.retry(run.id, actor)
        raise Refused(f"Schedule '{slug}' has no failed run to retry")

    def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule. Raises Refused for a schedule that is defined in a YAML file."""
        schedule = self.schedule(slug)
        if schedule.source == "yaml":
            raise Refused(f"Schedule '{slug}' is defined in a YAML file and cannot be suspended here")
        schedule.suspended = suspend

    def add_schedule(self, schedule: Schedule, *, triggerable_after_s: float = 0.0) -> Schedule:
        """Add a schedule, or replace the one with its slug. An `id` of 0 is replaced with a new number.

        The schedule can't be triggered for the first `triggerable_after_s` seconds.
        """
        if schedule.id == 0:
            schedule.id = max((each.id for each in self._schedules.values()), default=400) + 1
        if triggerable_after_s > 0:
            schedule.triggerable_from = self.clock() + timedelta(seconds=triggerable_after_s)
        self._schedules[schedule.slug] = schedule
        self._always_on = [slug for slug, each in self._schedules.items() if each.character.always_on]
        return schedule

    def add_with_history(self, schedule: Schedule) -> None:
        """Add a schedule with the runs of its history."""
        self.add_schedule(schedule)
        for at, each, letter in past_runs([schedule], self.clock()):
            self._add_past_run(each, letter, at)

    def remove_schedule(self, slug: str) -> None:
        """Remove a schedule: it's no longer listed or found, but its runs are still found by id. Raises Refused."""
        del self._schedules[self.schedule(slug).slug]
        self._always_on = [each for each in self._always_on if each != slug]
        self.scheduler.drop(slug)

    def move_schedule(self, slug: str, to: str) -> None:
        """Give a schedule another slug; its UUID and its runs stay. Raises Refused."""
        schedule = self.schedule(slug)
        if to in self._schedules:
            raise Refused(f"Schedule '{to}' already exists")
        schedule.first_slug = schedule.first_slug or slug
        schedule.slug = to
        # The schedule keeps its place in the listing.
        self._schedules = {each.slug: each for each in self._schedules.values()}
        self._always_on = [to if each == slug else each for each in self._always_on]
        self._book.move(slug, to)
        self.scheduler.rename(slug, to)

    def move_branch(self, branch: str, commit: str | None = None) -> str:
        """Move a branch to another commit, which runs use from now on. Returns that commit."""
        self._catch_up()
        return self._met.move_branch(branch, commit)

    @property
    def outage(self) -> Outage | None:
        """Why the warehouse can't be reached, or None if it can."""
        return self._met.outage

    def lose_warehouse(self, outage: Outage | None) -> None:
        """Let all active and later runs fail because the warehouse can't be reached, until this is called with None."""
        self._catch_up()
        self._met.outage = outage
        if outage is not None:
            for run in self._book.all():
                lose_warehouse(run, self.clock(), outage)

    def add_fault(self, fault: Fault) -> Fault:
        """Activate a fault."""
        self.faults.add(fault)
        return fault

    def presign(self, resource_id: int) -> str:
        """Return a token that downloads the file for `url_lives_s` seconds. Raises Refused."""
        self.resource(resource_id)
        now = self.clock()
        self._urls = {token: kept for token, kept in self._urls.items() if kept[1] > now}
        token = f"{self._met.random.getrandbits(160):040x}"
        self._urls[token] = (resource_id, now + timedelta(seconds=self.url_lives_s))
        return token

    def presigned(self, token: str) -> ResourceView | None:
        """Return the file for a token, or None if the token is expired or unknown."""
        kept = self._urls.get(token)
        return None if kept is None or kept[1] <= self.clock() else self.resource(kept[0])

    def run_of_resource(self, resource_id: int) -> Run | None:
        """Return the run whose command wrote that file, or None."""
        return self._book.of_command(resource_id // RESOURCES_A_COMMAND)

    def record(self, call: CallRecord) -> None:
        """Store and count a request, and notify the listener."""
        self.calls.add(call)
        if self.on_call is not None:
            self.on_call(call)

    # Creating runs

    def _refuse_second(self, schedule: Schedule) -> None:
        character = schedule.character
        newest = self.newest_run(schedule.slug) if character.exclusive else None
        active = newest is not None and self.view(newest.id).ended_at is None
        if character.always_on or active:
            raise Refused(f"AlreadyRunningException: schedule '{schedule.slug}' is already running")

    def _asked_steps(self, start: Start) -> tuple[Step, ...]:
        return tuple(
            replace(
                plausible(text),
                continue_on_error=start.continue_on_error if own is None else own,
            )
            for text, own in start.commands
        )

    def _own_steps(self, schedule: Schedule) -> tuple[Step, ...]:
        steps = schedule.character.steps
        mended = schedule.character.fails_first is not None and self._mends(schedule)
        return tuple(healthy(step) for step in steps) if mended else steps

    def _mends(self, schedule: Schedule) -> bool:
        fails_first = schedule.character.fails_first
        if fails_first is None:
            return True
        return len(self._book.of_schedule(schedule.slug)) % (fails_first + 1) == fails_first

    def _ended(self, run_id: int) -> RunView:
        view = self.view(run_id)
        if view.ended_at is None:
            raise Refused(f"Run {run_id} has not finished")
        return view

    def _again(self, run_id: int, steps: tuple[Step, ...], actor: Actor) -> Run:
        old = self.run(run_id)
        schedule = self.schedule(old.slug)
        self._refuse_second(schedule)
        branch = old.commit if old.commit_was_given else old.branch
        course = Course(self.retries_end)
        start = Start(branch=branch, pull_request=old.pull_request, parent_id=run_id, course=course)
        return self._add_run(schedule, steps, self.clock(), actor, start)

    def _add_run(
        self,
        schedule: Schedule,
        own: tuple[Step, ...],
        created_at: datetime,
        actor: Actor,
        start: Start,
    ) -> Run:
        numbers = self._book.next_run_id, self._book.next_command_id
        run = new_run(schedule, own, created_at, actor, start, numbers, self._met)
        self._book.add(run)
        return run

    def _catch_up(self) -> None:
        """Start the runs that the scheduler should have started by now."""
        now = self.clock()
        for slug in self._always_on:
            self._keep_on(self._schedules[slug], now)
        for at, slug, start in self.scheduler.due(now):
            schedule = self._schedules[slug]
            newest = self._book.newest(slug) if schedule.character.exclusive else None
            is_busy = newest is not None and observe(newest, at).ended_at is None
            if schedule.active and not (schedule.suspended or schedule.character.always_on or is_busy):
                own = self._asked_steps(start) or self._own_steps(schedule)
                self._add_run(schedule, own, at, SCHEDULER, start)

    def _keep_on(self, schedule: Schedule, now: datetime) -> None:
        newest = self._book.newest(schedule.slug)
        since = now if newest else now - timedelta(seconds=ALWAYS_ON_SINCE_S / self.speed)
        if newest is None or observe(newest, now).ended_at is not None:
            self._add_run(schedule, schedule.character.steps, since, SCHEDULER, Start())

    def _make_history(self) -> None:
        for at, schedule, letter in past_runs(list(self._schedules.values()), self.clock()):
            self._add_past_run(schedule, letter, at)
        self._catch_up()

    def _add_past_run(self, schedule: Schedule, letter: str, at: datetime) -> None:
        pace = self._met.random.uniform(0.9, 1.1)
        kept = tuple(replace(step, duration_s=step.duration_s * pace) for step in schedule.character.steps)
        steps = kept if letter == "F" else tuple(healthy(step) for step in kept)
        before = self._book.newest(schedule.slug)
        retried = before if before is not None and observe(before, at).state in ("ERROR", "FAILED") else None
        by_hand = retried is not None or schedule.period_s is None
        actor = self._met.random.choice((PERSON, COLLEAGUE)) if by_hand else SCHEDULER
        start = Start(parent_id=retried.id if retried else None)
        run = self._add_run(schedule, steps, at, actor, start)
        if letter == "C":
            after_s = min(40.0, sum(step.duration_s for step in steps) / 2) / self.speed
            run.stop = Stop(at + timedelta(seconds=after_s), "CANCELED", STOPPED_CODE, COLLEAGUE.name)


def _dbt_retry(step: Step, *, mended: bool) -> Step:
    retried = replace(plausible("dbt retry"), continue_on_error=step.continue_on_error)
    return retried if mended else replace(retried, return_code=step.return_code, log="run-model-error")
