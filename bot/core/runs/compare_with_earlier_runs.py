"""A run's end compared with its schedule's earlier runs: a recovery, or another failure and what has changed.

`bot.core.watching.counted_runs` decides which success is a recovery for a watch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.model.bolt import RunSummary
from bot.core.model.run import Changed, Run, is_failed
from bot.core.runs.progress import ran_others

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery after `failures` failed runs. `more`: earlier ones that Bolt didn't list may have failed too."""

    failures: int = 0
    more: bool = False


def recovery(listed: Sequence[RunSummary], run_id: int, *, all_listed: bool) -> Recovery:
    """Count the failures between this run and the success before it.

    Cancelled, skipped and active runs don't count. `all_listed`: the schedule has no runs other than these.
    """
    failures = 0
    for run in _before(listed, run_id):
        if run.state == "SUCCESS":
            return Recovery(failures)
        failures += is_failed(run.state)
    return Recovery(failures, more=failures > 0 and not all_listed)


def what_changed(listed: Sequence[RunSummary], run: Run, *, all_listed: bool) -> Changed | None:
    """Compare a failed run with earlier ones. Returns None if they can't be compared.

    Only runs on the same branch count, and only if this one had the schedule's own commands and no pull request. A
    retry and the run that it retries count as one failure.
    """
    own = next((one for one in listed if one.id == run.id), None)
    if own is None or own.branch is None or own.pull_request or run.facts.pull_request or run.facts.overridden:
        return None
    if not run.started_here and ran_others(run.seen.commands, run.facts.commands):
        return None
    counted = {own.id}
    since, retried = own, own.parent_run_id
    for one in _before(listed, run.id):
        if one.branch != own.branch or one.pull_request:
            continue
        if one.state == "SUCCESS":
            return Changed(len(counted), since=since.ended_at, succeeded_at=one.ended_at, commit_then=one.commit)
        if not is_failed(one.state):
            continue
        if one.id != retried:
            counted.add(one.id)
        since, retried = one, one.parent_run_id
    if not all_listed or len(counted) > 1:
        return Changed(len(counted), more=not all_listed, since=since.ended_at)
    return None


def _before(listed: Sequence[RunSummary], run_id: int) -> Iterator[RunSummary]:
    """Yield the runs that ended before this one, the latest end first.

    Runs may overlap, so their ids don't give the order of their ends.
    """
    own = next((one for one in listed if one.id == run_id), None)
    timed = own is not None and own.ended_at is not None
    for one in sorted(listed, key=_ended, reverse=True) if timed else sorted(listed, key=_number, reverse=True):
        if own is not None and timed:
            if _ended(one) < _ended(own) and one.ended_at is not None:
                yield one
        elif one.id < run_id:
            yield one


def _ended(run: RunSummary) -> tuple[datetime, datetime, int]:
    return run.ended_at or _NEVER, run.started_at or _NEVER, run.id


def _number(run: RunSummary) -> int:
    return run.id
