"""Concluding a run once: what failed, the relevant lines of its log, and when it ended.

`bot.flows.end_deadlines` decides how long a log may be read, and `bot.core.logs.read_log` decides which of its lines
matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog
from cachetools import LRUCache

from bot.core.logs.excerpt import EXCERPT_LIMIT
from bot.core.logs.hints.causes import built_in
from bot.core.logs.hints.hint import Table
from bot.core.logs.log_findings import LogFindings
from bot.core.logs.log_text import LogFile, keep, log_file, mask_in_pieces, tail
from bot.core.logs.nodes import failed_nodes, with_results, with_warnings
from bot.core.logs.read_log import read_log, reading
from bot.core.logs.run_results import NodeResult, Results
from bot.core.model.bolt import BoltCommand, CommandOutput, Resource, RunSummary
from bot.core.model.cause import Cause
from bot.core.model.current import Current
from bot.core.model.errors import BoltError, BoltOutcomeUnknown, BoltRejected, BoltTooLarge
from bot.core.model.run import End, FailedNode, Run, RunFacts, RunKey, failed_command, is_failed
from bot.core.redact.row_values import without_row_values
from bot.core.runs.compare_with_earlier_runs import Recovery, recovery, what_changed
from bot.core.runs.progress import commands_known, position
from bot.flows.dbt_results import ResultsReader, may_warn
from bot.flows.end_deadlines import EndRules
from bot.flows.lease import Lease
from bot.flows.log_context import log_run
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due, Runs
from bot.flows.run_listings import LISTED, RunListings

log = structlog.get_logger()

READ_AT_ONCE = 2
LISTING_S = 5.0
LOG_AGAIN_S = 2.0
# dbt's own results are worth a short wait, within the time allowed for the log.
RESULTS_S = 8.0
# A success names the nodes that warned, if dbt's results arrive promptly.
WARNINGS_S = 2.0
WARNINGS_AT_ONCE = 4
WARNING_COMMANDS = 5
LATE_LOG_AGAIN_S = 30.0
# How long a late log waits for its turn. Late logs are read one at a time, because ends that haven't been announced
# need the other slot.
LATE_LOG_TURN_S = 2.0
LATE_LOG_BUSY_AGAIN_S = 5.0
LATE_LOG_GIVEN_UP_S = 3600.0
EMPTY_LOG_GIVEN_UP_S = 300.0


@dataclass(frozen=True, slots=True)
class FailureLog:
    """A failed command's log, masked and without color codes, and the command's artifacts.

    `tail` has the log's last lines, whatever they say; `length` is the length of the whole log in characters. dbt's own
    results are merged into `said`.
    """

    summary: str | None
    excerpt: str
    nodes: tuple[FailedNode, ...]
    file: LogFile
    failed_nodes: int = 0
    resources: tuple[Resource, ...] = ()
    tail: str = ""
    length: int = 0
    ended: bool = True
    causes: tuple[Cause, ...] = ()
    said: LogFindings = field(default_factory=LogFindings)


class LogReader:
    """Reads the logs of commands, and keeps the last few whose commands have ended, so that each is requested once.

    At most `kept` cut and masked files stay in memory (1 MB each). `hide` removes row values. `hints` are the built-in
    ones by default.
    """

    def __init__(
        self,
        bolt: Bolt,
        mask: Callable[[str], str],
        *,
        hide: Callable[[str], str] = without_row_values,
        hints: Current[Table] | None = None,
        kept: int = 8,
    ) -> None:
        self._bolt = bolt
        self._mask = mask
        self._hide = hide
        self._hints = hints or Current(built_in())
        # Each log is kept with the hints that it was read with.
        self._read: LRUCache[int, tuple[Table, FailureLog]] = LRUCache(kept)
        # A log may be as large as the client's limit on memory.
        self._at_once = asyncio.Semaphore(READ_AT_ONCE)

    def hints_for(self, facts: RunFacts) -> Table:
        """The hints that apply to a run's schedule."""
        return self._hints.value.for_schedule(facts.slug, facts.name)

    async def read_failure_log(
        self, command: BoltCommand, facts: RunFacts | None = None, *, within_s: float | None = None
    ) -> FailureLog | None:
        """Read a command's log. Returns None as long as it's empty.

        `facts` are the run's, and determine the hints; without them, the caller doesn't need the log's causes. Raises
        BoltError, and BoltOutcomeUnknown if reading and the wait for a slot take longer than `within_s`.
        """
        hints = self.hints_for(facts) if facts else None
        try:
            async with asyncio.timeout(within_s):
                return await self._read_in_turn(command, hints)
        except TimeoutError:
            raise BoltOutcomeUnknown from None

    async def _read_in_turn(self, command: BoltCommand, hints: Table | None) -> FailureLog | None:
        async with self._at_once:
            kept = self._read.get(command.id)
            if kept and hints in (None, kept[0]):
                return kept[1]
            output = await self._bolt.command_output(command.id)
            if not output.stdout.strip() and not output.stderr.strip():
                return None
            # In a thread, so that the event loop can acknowledge commands; masking works in pieces, between which other
            # threads can run.
            hints = hints or self._hints.value.for_schedule()
            failure_log = await asyncio.to_thread(extract_failure_log, output, self._mask, self._hide, hints)
        if failure_log.ended:
            self._read[command.id] = (hints, failure_log)
        return failure_log

    def forget(self, command: BoltCommand) -> None:
        """Drop a log that has been posted."""
        self._read.pop(command.id, None)


def extract_failure_log(
    output: CommandOutput,
    mask: Callable[[str], str],
    hide: Callable[[str], str] = without_row_values,
    hints: Table | None = None,
) -> FailureLog:
    """Extract the relevant lines and the log file, both masked and without row values."""
    kept_out, kept_err = hide(keep(output.stdout)), hide(keep(output.stderr))
    stdout, stderr = mask_in_pieces(kept_out, mask), mask_in_pieces(kept_err, mask)
    said = read_log(stdout, stderr, EXCERPT_LIMIT)
    command = output.command
    found = reading(said, limit=EXCERPT_LIMIT, exit_code=command.return_code, command=command.text, hints=hints)
    return FailureLog(
        found.summary,
        found.excerpt,
        failed_nodes(found),
        log_file(stdout, stderr),
        len(found.failures),
        output.resources,
        tail(stdout, stderr, EXCERPT_LIMIT),
        len(output.stdout) + len(output.stderr),
        command.return_code is not None,
        found.causes,
        said,
    )


class RunConcluder:
    """Records the end of runs that were seen to have ended."""

    def __init__(
        self,
        listings: RunListings,
        runs: Runs,
        due: Due,
        logs: LogReader,
        results: ResultsReader,
        mask: Callable[[str], str],
        rules: EndRules | None = None,
    ) -> None:
        """`mask` is applied to the texts of dbt's own results; it masks secrets and removes row values."""
        self._listings = listings
        self._runs = runs
        self._due = due
        self._logs = logs
        self._results = results
        self._mask = mask
        self._rules = rules or EndRules()
        self._reading = 0
        self._warnings = 0
        self._late_turn = asyncio.Semaphore(1)

    async def conclude_run(self, lease: Lease) -> None:
        """Record the end of the claimed run, or its late log if the end is already recorded."""
        key = RunKey.parse(lease.member)
        run = await self._runs.load_run(key)
        if run is None:
            log.error("a run is no longer in Redis", run=key.id)
            await self._due.give_back(lease, delay_s=LATE_LOG_GIVEN_UP_S)
            return
        log_run(run)
        if run.end is not None:
            await self._late(lease, run, run.end)
            return
        command = failed_command(run.seen) if is_failed(run.seen.state) else None
        if command is None:
            listed, warned = await asyncio.gather(self._listed(run, LISTING_S), self._warned(run))
            await self._conclude(lease, run, with_warnings(_end(run, None, listed, None), warned, self._mask))
            return
        self._reading += 1
        try:
            await self._failed(lease, run, command)
        finally:
            self._reading -= 1

    async def _failed(self, lease: Lease, run: Run, command: BoltCommand) -> None:
        """Read the failed command's log until the deadline. A log that comes later gets a post of its own."""
        waited_s = await self._runs.final_since_s(run.key)
        clock = asyncio.get_running_loop()
        until = clock.time() + self._rules.reading_s(self._reading, incident_only=run.without_card) - waited_s
        listed, (failure_log, gone) = await asyncio.gather(
            self._listed(run, min(LISTING_S, max(1.0, until - clock.time()))),
            self._log(run, command, until - clock.time()),
        )
        if failure_log is None and not gone and until - clock.time() > LOG_AGAIN_S:
            await self._due.give_back(lease, delay_s=LOG_AGAIN_S)
            return
        end = _end(run, command, listed, failure_log)
        if gone:
            end = replace(end, log="lost")
        if end.log != "late":
            end = await self._with_results(run, end, failure_log, min(RESULTS_S, until - clock.time()))
        await self._conclude(lease, run, end)

    async def _conclude(self, lease: Lease, run: Run, end: End) -> None:
        if await self._runs.conclude(lease, run, end):
            log.info("run ended", run=run.id, state=run.seen.state, seconds=replace(run, end=end).seconds)

    async def _late(self, lease: Lease, run: Run, end: End) -> None:
        if end.failed is None or end.log != "late":
            # Another replica has concluded it: recording the end again only removes it from the due set.
            await self._runs.conclude(lease, run, end)
            return
        waited_s = await self._runs.final_since_s(run.key)
        try:
            failure_log = await self._late_log(run, end.failed)
            given_up = failure_log is None and waited_s > EMPTY_LOG_GIVEN_UP_S
        except TimeoutError:
            await self._due.give_back(lease, delay_s=LATE_LOG_BUSY_AGAIN_S)
            return
        except BoltTooLarge:
            failure_log, given_up = None, True
        except BoltRejected:
            failure_log, given_up = None, waited_s > EMPTY_LOG_GIVEN_UP_S
        except BoltError:
            failure_log, given_up = None, waited_s > LATE_LOG_GIVEN_UP_S
        if failure_log is not None:
            end = await self._with_results(run, _with_log(end, failure_log), failure_log, RESULTS_S)
            await self._runs.late_log(lease, run, end)
        elif given_up:
            await self._runs.late_log(lease, run, replace(end, log="lost"))
        else:
            await self._due.give_back(lease, delay_s=LATE_LOG_AGAIN_S)

    async def _late_log(self, run: Run, command: BoltCommand) -> FailureLog | None:
        """Wait for a late log's turn, and read it. Raises BoltError, or TimeoutError if the turn doesn't come soon."""
        async with asyncio.timeout(LATE_LOG_TURN_S):
            await self._late_turn.acquire()
        try:
            return await self._logs.read_failure_log(command, run.facts)
        finally:
            self._late_turn.release()

    async def _with_results(self, run: Run, end: End, failure_log: FailureLog | None, within_s: float) -> End:
        """Add dbt's own results of the failed command to the end, if there are any and they arrive in time."""
        if end.failed is None:
            return end
        files = failure_log.resources if failure_log else None
        results: Results | None = await self._results.read_command_results(end.failed, files, within_s=within_s)
        if results is None:
            return end
        said, hints = failure_log.said if failure_log else None, self._logs.hints_for(run.facts)
        # There may be thousands of failed nodes and many team hints, so this doesn't run on the event loop.
        return await asyncio.to_thread(with_results, end, results, self._mask, said, hints)

    async def _warned(self, run: Run) -> list[NodeResult]:
        """The nodes that warned in a success. Skipped if many runs end at once, as announcing ends is more urgent."""
        # Without a card, no message would show the warnings.
        shown = run.seen.state == "SUCCESS" and not run.without_card
        commands = [command for command in run.seen.commands if may_warn(command)] if shown else []
        if not commands or self._warnings >= WARNINGS_AT_ONCE:
            return []
        self._warnings += 1
        try:
            return await self._results.warned(commands[-WARNING_COMMANDS:], within_s=WARNINGS_S)
        finally:
            self._warnings -= 1

    async def _log(self, run: Run, command: BoltCommand, within_s: float) -> tuple[FailureLog | None, bool]:
        """The failed command's log if it arrives in time, and whether it's too large to ever be read."""
        if within_s <= 0:
            return None, False
        try:
            return await self._logs.read_failure_log(command, run.facts, within_s=within_s), False
        except BoltTooLarge:
            return None, True
        except BoltError:
            return None, False

    async def _listed(self, run: Run, within_s: float) -> list[RunSummary]:
        """Read the run and its predecessors from the listing, for times and commit. Empty if it's too late."""
        if not run.facts.slug:
            return []
        try:
            async with asyncio.timeout(within_s):
                return await self._listings.runs_with_ended(run.facts.slug, run.id)
        except (BoltError, TimeoutError):
            return []


def _end(run: Run, command: BoltCommand | None, runs: list[RunSummary], failure_log: FailureLog | None) -> End:
    at = position(run, command) if command else None
    listed = next((one for one in runs if one.id == run.id), None)
    before = Recovery()
    if run.seen.state == "SUCCESS" and not run.facts.overridden and commands_known(run):
        # A run with commands other than the schedule's doesn't show that the schedule has recovered.
        before = recovery(runs, run.id, all_listed=len(runs) < LISTED)
    end = End(
        started_at=listed.started_at if listed else None,
        ended_at=listed.ended_at if listed else None,
        branch=listed.branch if listed else None,
        commit=listed.commit if listed else None,
        failed=command,
        number=at[0] if at else None,
        recovered=before.failures,
        recovered_more=before.more,
    )
    if is_failed(run.seen.state):
        end = replace(end, changed=what_changed(runs, run, all_listed=len(runs) < LISTED))
    if command is None:
        return end
    return _with_log(end, failure_log) if failure_log else replace(end, log="late")


def _with_log(end: End, failure_log: FailureLog) -> End:
    return replace(
        end,
        summary=failure_log.summary,
        excerpt=failure_log.excerpt,
        nodes=failure_log.nodes,
        failed_nodes=failure_log.failed_nodes,
        causes=failure_log.causes,
        log="read",
    )
