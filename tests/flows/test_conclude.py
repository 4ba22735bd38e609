"""Concluding a run in time: with its log if that arrives, and without it otherwise."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bolt_sandbox.bolt import BoltWorld, Character, Fault, Schedule, Step
from bolt_sandbox.server import Sandbox
from bot.core.logs.hints.causes import built_in
from bot.core.logs.hints.hint import Hint, OwnHint
from bot.core.model.bolt import BoltCommand, CommandOutput
from bot.core.model.cause import Cause, Retry
from bot.core.model.current import Current
from bot.core.model.errors import BoltOutcomeUnknown
from bot.core.model.polling import Observed
from bot.core.model.run import Observation, RunFacts, RunKey, failed_command
from bot.flows.conclude import LogReader, RunConcluder, extract_failure_log
from bot.flows.dbt_results import ResultsReader
from bot.flows.end_deadlines import EndRules
from bot.flows.lease import Lease
from bot.flows.run_listings import RunListings
from bot.paradime.client import BoltClient
from bot.paradime.credentials import Credentials
from bot.paradime.download import Downloader
from bot.store.due_sets import DueSet
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.workers.claims import keep_lease
from tests.store.record import follow_run
from tests.waiting import eventually
from tests.worlds import new_sandbox

FAILURES = 10
# A fifth of the real time, with more slack for a busy machine.
HASTENED = EndRules(told_s=4.0, posting_s=2.0, post_gap_s=0.11)
LOG = "boltCommand"


@dataclass
class Stage:
    """A store, a local Bolt API over a socket, and the flow between them. `took_s`: how long each end took."""

    scripts: Scripts
    sandbox: Sandbox
    bolt: BoltClient
    downloads: Downloader
    later: timedelta = timedelta()
    took_s: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Build the flow."""
        self.runs = Runs(self.scripts)
        self.ends = DueSet(self.scripts, "ends", lease_s=10)
        self.logs = LogReader(self.bolt, lambda text: text)
        self.conclude = self._built(EndRules())

    def hasten(self) -> None:
        """Switch to shorter time limits."""
        self.conclude = self._built(HASTENED)

    def _built(self, rules: EndRules) -> RunConcluder:
        results = ResultsReader(self.bolt, self.downloads)
        return RunConcluder(RunListings(self.bolt), self.runs, self.ends, self.logs, results, lambda text: text, rules)

    async def fail(self, count: int) -> list[RunKey]:
        """Let this many runs fail, and see all of them end at the same time."""
        keys: list[RunKey] = []
        for number in range(count):
            slug = f"odd-{number}"
            steps = (Step("dbt build", 1.0, 1, prints=("ERROR: no such table",)),)
            self.sandbox.bolt.add_schedule(Schedule(0, slug, slug, Character(steps)))
            run = self.sandbox.bolt.start(slug)
            await follow_run(self.scripts, run.id)
            keys.append(RunKey("w", run.id))
        self.later += timedelta(hours=1)
        seen: list[Observed] = []
        for key in keys:
            status = await self.bolt.status(key.id)
            seen.append(Observed(key, Observation(status.state, status.commands), 1))
        await self.scripts.redis.zadd(self.scripts.key("due", "polls"), {key.name: 0 for key in keys})
        claimed = await DueSet(self.scripts, "polls", lease_s=10).claim(count)
        assert claimed.lease is not None
        assert set(await self.runs.store_observations(claimed.lease, claimed.at_us, seen)) == {"final"}
        return keys

    async def work(self, keys: list[RunKey]) -> None:
        """Conclude what is due, as a worker does, until all these runs are concluded."""
        clock = asyncio.get_running_loop()
        began, jobs = clock.time(), set[asyncio.Task[None]]()

        async def job(lease: Lease) -> None:
            async with keep_lease(self.ends, lease):
                await self.conclude.conclude_run(lease)
            run = await self.runs.load_run(RunKey.parse(lease.member))
            if run is not None and run.end is not None:
                self.took_s.setdefault(run.id, clock.time() - began)

        while len(self.took_s) < len(keys):
            claimed = await self.ends.claim(1)
            if claimed.lease is not None:
                jobs.add(asyncio.create_task(job(claimed.lease)))
            elif jobs:
                done, jobs = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED, timeout=claimed.wait_s)
                for one in done:
                    one.result()

    async def log_of(self, key: RunKey) -> str:
        """The stored facts about a run's log."""
        run = await self.runs.load_run(key)
        assert run is not None
        assert run.end is not None
        return run.end.log


@pytest.fixture
async def stage(redis_client: Redis) -> AsyncIterator[Stage]:
    """A stage with an empty store and a Bolt whose clock a test can move."""
    made: list[Stage] = []
    world = BoltWorld(clock=lambda: datetime.now(UTC) + (made[0].later if made else timedelta()))
    sandbox = new_sandbox(bolt=world)
    await sandbox.start()
    settings = sandbox.env()
    credentials = Credentials(settings["PARADIME_API_SECRET"], settings["PARADIME_API_KEY"])
    bolt = BoltClient(settings["PARADIME_API_ENDPOINT"], credentials)
    downloads = Downloader(settings["PARADIME_API_ENDPOINT"])
    made.append(Stage(Scripts(redis_client, "test", retention_s=1000), sandbox, bolt, downloads))
    yield made[0]
    await bolt.aclose()
    await downloads.aclose()
    await sandbox.stop()


async def test_a_teams_hints_apply_to_their_schedules(stage: Stage) -> None:
    """A log read for one schedule, or for none, is read again for another; a log that's kept isn't read again."""
    hint = Hint("ours", "own", "own", "It broke.", "", Retry.NO)
    table = built_in().with_own((OwnHint(hint, re.compile("no such table"), "odd-*"),))
    (key,) = await stage.fail(1)
    run = await stage.runs.load_run(key)
    assert run is not None
    command = failed_command(run.seen)
    assert command is not None
    logs = LogReader(stage.bolt, lambda text: text, hints=Current(table))

    async def causes(facts: RunFacts | None) -> tuple[Cause, ...]:
        failure_log = await logs.read_failure_log(command, facts)
        assert failure_log is not None
        return failure_log.causes

    asked = stage.sandbox.bolt.calls.fields_by_operation
    assert await causes(None) == (Cause(),)
    assert await causes(RunFacts(slug="other")) == (Cause(),)
    assert asked[LOG] == 1
    assert await causes(RunFacts(slug="x", name="Odd 1")) == (Cause(1, "ours", "It broke.", "", Retry.NO),)
    assert await causes(RunFacts(slug="odd-1")) == await causes(None)
    assert asked[LOG] == 2


def test_a_log_is_read_without_row_values() -> None:
    """Row values are left out of the lines and the file, unless they may be shown."""
    printed = "ERROR\n  DETAIL:  Failing row contains (1, Ada Lovelace).\n"
    output = CommandOutput(BoltCommand(1, "python load.py", return_code=1), 1, printed, "")
    failure_log = extract_failure_log(output, lambda text: text)
    for text in (failure_log.excerpt, failure_log.file.text, failure_log.tail):
        assert "Failing row contains (row values left out)." in text
        assert "Ada" not in text
    shown = extract_failure_log(output, lambda text: text, lambda text: text)
    assert "Ada Lovelace" in shown.file.text


async def test_ten_failures_with_hanging_logs_are_told_in_time(stage: Stage) -> None:
    """Each failure is announced in time without its log, which follows later."""
    stage.hasten()
    keys = await stage.fail(FAILURES)
    stage.sandbox.bolt.faults.add(Fault("timeout", count=None, operation=LOG))
    await stage.work(keys)
    assert max(stage.took_s.values()) < HASTENED.told_s
    assert [await stage.log_of(key) for key in keys] == ["late"] * FAILURES


async def test_logs_that_come_are_told_with_the_end(stage: Stage) -> None:
    """Even ten logs at once are announced with their ends: they're read two at a time, which takes almost no time."""
    keys = await stage.fail(FAILURES)
    await stage.work(keys)
    assert [await stage.log_of(key) for key in keys] == ["read"] * FAILURES


async def test_a_log_that_hangs_at_first_follows(stage: Stage) -> None:
    """The log is read once Bolt returns it."""
    stage.hasten()
    (key,) = await stage.fail(1)
    stage.sandbox.bolt.faults.add(Fault("timeout", count=None, operation=LOG))
    await stage.work([key])
    stage.sandbox.bolt.faults.clear()
    await stage.scripts.redis.zadd(stage.scripts.key("due", "ends"), {key.name: 0})
    claimed = await stage.ends.claim(1)
    assert claimed.lease is not None
    await stage.conclude.conclude_run(claimed.lease)
    assert await stage.log_of(key) == "read"


async def test_a_late_log_that_hangs_leaves_a_slot_for_the_next_failure(stage: Stage) -> None:
    """Only one late log is read at a time, so the next failure is still concluded with its log."""
    stage.hasten()
    late = await stage.fail(3)
    hang = Fault("timeout", count=1000, operation=LOG)
    stage.sandbox.bolt.faults.add(hang)
    await stage.work(late)
    await stage.scripts.redis.zadd(stage.scripts.key("due", "ends"), {key.name: 0 for key in late})
    leases = [(await stage.ends.claim(1)).lease for _ in late]
    hanging = [asyncio.create_task(stage.conclude.conclude_run(lease)) for lease in leases if lease]
    before = hang.count
    await eventually("Bolt to be asked", lambda: hang.count, lambda count: count != before)
    stage.sandbox.bolt.faults.clear()
    stage.took_s.clear()
    keys = await stage.fail(1)
    await stage.work(keys)
    assert await stage.log_of(keys[0]) == "read"
    for one in hanging:
        one.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_reading_that_takes_too_long_is_a_fault_of_bolts(stage: Stage) -> None:
    """A read that takes too long raises Bolt's error; the time spent waiting for a turn counts too."""
    (key,) = await stage.fail(1)
    stage.sandbox.bolt.faults.add(Fault("timeout", count=None, operation=LOG))
    status = await stage.bolt.status(key.id)
    reads = [stage.logs.read_failure_log(status.commands[-1], within_s=0.2) for _ in range(5)]
    answers = await asyncio.gather(*reads, return_exceptions=True)
    assert all(isinstance(answer, BoltOutcomeUnknown) for answer in answers)
