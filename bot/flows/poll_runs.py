"""Polling runs: one request covers many runs, and one script stores the results.

`bot.core.runs.poll_interval` decides the interval, and `stray_rule` beside it decides when an unreadable run counts as
lost. A worker calls this module for the runs that are due (`polls` in `bot.wiring.work_table`). The script marks the
cards that have changed, and `edit_cards` edits them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

import structlog
from prometheus_client import Histogram

from bot.core.model.bolt import RunStatus
from bot.core.model.errors import BoltDenied, BoltError, BoltThrottled
from bot.core.model.polling import Observed, Polled, Stored
from bot.core.model.run import LOST, Observation, RunKey, observe
from bot.core.runs.poll_interval import poll_interval_s
from bot.core.runs.stray_rule import StrayRule
from bot.core.runs.usual_duration import step
from bot.flows.cooperative import in_pieces
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due, Runs

log = structlog.get_logger()

BATCH = Histogram(
    "bolt_bot_poll_batch_runs", "How many runs one poll asks Bolt for.", buckets=(1, 2, 5, 10, 20, 50, 100)
)

SET_ASIDE_S = 30.0
# Up to this many errors in a response are attributed to single runs.
FEW = 3
MASKED_MOST = 5_000
AWAY_S = 5.0
DENIED_S = 30.0
FOREIGN_S = 3600.0

# Outcomes of storing an observation after which nothing needs to be done.
NOTHING_NEW: frozenset[Stored] = frozenset({"same", "stale", "gone"})
# Fields that a claim reads for each run, besides its name.
FIELDS = ("usual_s", "began_s", "tries", "discovered")
# A watching channel is told about an end soon, however long the run has taken.
DISCOVERED_MOST_S = 15.0


@dataclass(frozen=True, slots=True)
class PolledRun:
    """A run to poll, with the facts that determine its next poll."""

    key: RunKey
    usual_s: float | None
    began: datetime | None
    wished: bool
    discovered: bool = False

    @classmethod
    def from_row(cls, row: Sequence[str]) -> PolledRun:
        """Parse a claim's row: the member, then FIELDS."""
        name, usual, began, tries, discovered = row
        return cls(
            RunKey.parse(name),
            float(usual) if usual else None,
            datetime.fromtimestamp(float(began), UTC) if began else None,
            bool(tries),
            bool(discovered),
        )


@dataclass(frozen=True, slots=True)
class PollRules:
    """Settings for polling: the workspace, the bounds of the interval in seconds, and when a run counts as lost."""

    workspace: str
    min_s: float
    max_s: float
    stray: StrayRule = field(default_factory=StrayRule)


class RunPoller:
    """Polls claimed batches of runs. `mask` is applied to command texts before they're stored.

    `sets` are the due sets that batches are claimed from, by name; a lease names its own.
    """

    def __init__(
        self,
        bolt: Bolt,
        runs: Runs,
        sets: Mapping[str, Due],
        rules: PollRules,
        *,
        mask: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._sets = sets
        self._rules = rules
        # Every poll of every run of a schedule returns the same commands, and masking is the most expensive step.
        self._mask = lru_cache(MASKED_MOST)(mask)
        self._now = now

    async def poll_runs(self, lease: Lease, claimed_us: int, rows: Sequence[Sequence[str]]) -> bool:
        """Poll these runs and store the results; runs without a result are due again later.

        Returns whether there was anything new.
        """
        watched = {
            one.key.id: one for one in map(PolledRun.from_row, rows) if one.key.workspace == self._rules.workspace
        }
        BATCH.observe(len(watched))
        try:
            polled = await self._bolt.poll(list(watched))
        except BoltThrottled as throttled:
            # The limit was reported for one batch, but applies to all.
            for due in self._sets.values():
                await due.hold(throttled.retry_after_s)
            await self._give_back(lease, delay_s=throttled.retry_after_s)
            return False
        except BoltError as away:
            await self._give_back(lease, delay_s=DENIED_S if isinstance(away, BoltDenied) else AWAY_S)
            return False
        await lease.stop_renewing()
        # Measured by Redis' clock, which all replicas share. Otherwise, they could disagree on whether a run is late.
        at = datetime.fromtimestamp(claimed_us / 1_000_000, UTC)
        observed = await in_pieces(polled.found.items(), lambda found: self._observed(watched[found[0]], found[1], at))
        words: list[Stored] = []
        if observed:
            part = lease.subset(tuple(one.key.name for one in observed))
            words = await self._runs.store_observations(part, claimed_us, observed)
        lost = await self._give_back_rest(lease, claimed_us, watched, polled)
        return lost or not NOTHING_NEW.issuperset(words)

    async def _give_back_rest(
        self, lease: Lease, claimed_us: int, watched: dict[int, PolledRun], polled: Polled
    ) -> bool:
        """Give back the runs without a result. Returns whether a run now counts as lost.

        Runs with errors are polled again later, and runs that weren't polled are due at once. Runs of other workspaces
        are given back for longer, because this bot can't poll them.
        """
        lost = False
        told = {RunKey(self._rules.workspace, run_id).name for run_id in polled.found}
        failed = {RunKey(self._rules.workspace, run_id).name for run_id in polled.failed}
        ours = {one.key.name for one in watched.values()}
        if failed and (len(failed) <= FEW or len(failed) <= len(told)):
            lost = await self._stray(lease.subset(tuple(sorted(failed))), claimed_us)
            failed = set()
        groups = {
            # If almost every run has an error, the runs themselves aren't the cause.
            SET_ASIDE_S: failed,
            0.0: ours - told - failed,
            FOREIGN_S: set(lease.members) - ours,
        }
        for delay_s, members in groups.items():
            if members:
                await self._give_back(lease.subset(tuple(sorted(members))), delay_s=delay_s)
        return lost

    async def _give_back(self, lease: Lease, *, delay_s: float) -> None:
        await self._sets[lease.due].give_back(lease, delay_s=delay_s)

    async def _stray(self, lease: Lease, claimed_us: int) -> bool:
        """Handle runs for which Bolt returns only errors: they're polled less often, and count as lost after a day.

        Returns whether one of the runs was lost.
        """
        words = await self._runs.stray(lease, self._rules.stray)
        lost = [name for name, word in words.items() if word == "lost"]
        for name in lost:
            key = RunKey.parse(name)
            run = await self._runs.load_run(key)
            if run is not None:
                log.warning("a run has been missing from Bolt for a day", run=key.id)
                seen = replace(run.seen, state=LOST)
                await self._runs.store_observations(
                    lease.subset((name,)), claimed_us, [Observed(key, seen, self._rules.max_s)]
                )
        return bool(lost)

    def _observed(self, watched: PolledRun, status: RunStatus, at: datetime) -> Observed:
        seen = observe(status, self._mask)
        seen = replace(seen, step=step(seen, watched.usual_s, at))
        return Observed(watched.key, seen, self._next_s(watched, seen))

    def _next_s(self, watched: PolledRun, seen: Observation) -> float:
        if watched.wished:
            return self._rules.min_s
        begun = [command.started_at for command in seen.commands if command.started_at]
        # Until the first command begins, the run's age decides, so that "is starting" isn't shown half a minute too
        # long.
        began, usual_s = (min(begun), watched.usual_s) if begun else (watched.began, None)
        most_s = self._rules.max_s
        if watched.discovered:
            most_s = max(self._rules.min_s, min(most_s, DISCOVERED_MOST_S))
        return poll_interval_s(began, usual_s, self._now(), least_s=self._rules.min_s, most_s=most_s)
