"""Finding runs that nobody started here: a schedule's newest runs, compared with those that are known.

`bot.flows.discover_schedules` decides when a schedule's runs are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.core.model.bolt import RunSummary
from bot.core.model.discovery import Ledger
from bot.core.model.run import is_failed, is_final
from bot.core.model.run_end import RunEnd
from bot.core.watching.counted_runs import closes
from bot.core.watching.ends import end_of_listing

# How many finished runs of a schedule are remembered.
FINAL_KEPT = 100
# The newest success is remembered for at most this many branches of a schedule.
SUCCESSES_KEPT = 20
# How long after its end a run in an unknown state counts as over: until then, the state may change.
UNKNOWN_OVER_AFTER = timedelta(minutes=10)
_ACTIVE_STATES = frozenset({"STARTING", "RUNNING"})
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """The news in a listing: runs that have begun, and runs that have ended, in the order of their ends.

    `fresh` are the runs of both kinds that weren't known before.
    """

    begun: tuple[RunSummary, ...] = ()
    ended: tuple[RunSummary, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)
    fresh: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything is new."""
        return bool(self.begun or self.ended)


def compare(ledger: Ledger, listed: Sequence[RunSummary], at: datetime, *, since: datetime | None = None) -> Found:
    """Compare a listing at `at` with the ledger.

    At the first look, only runs that ended after `since`, the time of the first watch, are news.
    """
    final, active = {run for run, _ in ledger.final}, set(ledger.active)
    floor = ledger.floor
    unknown = [one for one in listed if one.id not in final]
    if not ledger.begun:
        begun = tuple(one for one in unknown if not is_over(one, at))
        ended = tuple(sorted((one for one in unknown if is_over(one, at) and is_news(one, since)), key=_order))
        over = [end_of_listing(one) for one in unknown if is_over(one, at) and one not in ended]
        new = _ids((*begun, *ended))
        return Found(begun, ended, remember(replace(ledger, begun=True, active=new), over), frozenset(new))
    known = active | set(ledger.held)
    fresh = [one for one in unknown if one.id in known or not _start(one) or _start(one) >= floor]
    begun = tuple(one for one in fresh if not is_over(one, at) and one.id not in active)
    ended = tuple(sorted((one for one in fresh if is_over(one, at)), key=_order))
    news = frozenset({*_ids(begun), *_ids(ended)} - active)
    return Found(begun, ended, replace(ledger, active=tuple(sorted(active | news)), held=()), news)


def without(found: Found, held: frozenset[int]) -> Found:
    """Hold back these runs until the next listing."""
    if not held:
        return found
    return Found(
        tuple(run for run in found.begun if run.id not in held),
        tuple(run for run in found.ended if run.id not in held),
        replace(
            found.ledger,
            active=tuple(run for run in found.ledger.active if run not in held),
            held=tuple(sorted(held)),
        ),
        found.fresh - held,
    )


def older_failures(ended: Sequence[RunSummary]) -> frozenset[int]:
    """The runs that ended before the newest failure: their logs say nothing new. `ended` is sorted by end."""
    last = max((at for at, run in enumerate(ended) if is_failed(run.state)), default=0)
    return frozenset(run.id for run in ended[:last])


def is_news(run: RunSummary, since: datetime | None) -> bool:
    """Whether a run ended after `since`, as far as its end is known."""
    return since is not None and run.ended_at is not None and run.ended_at > since


def known_before(ledger: Ledger, listed: Sequence[RunSummary], since: datetime) -> list[RunEnd]:
    """The ends in a listing that a new watch won't report: from before it was made, or accounted for without it."""
    final = {run for run, _ in ledger.final}
    over = (one for one in listed if is_final(one.state))
    return [end_of_listing(one) for one in over if one.id in final or not is_news(one, since)]


def remember(ledger: Ledger, ends: Sequence[RunEnd]) -> Ledger:
    """Remember runs whose ends are accounted for, and stop counting these runs as active."""
    over = {end.run: end.started_at.timestamp() if end.started_at else 0 for end in ends}
    final = {**dict(ledger.final), **over}
    kept = sorted(final.items(), key=lambda pair: (pair[1], pair[0]))[-FINAL_KEPT:]
    return replace(
        ledger,
        active=tuple(run for run in ledger.active if run not in over),
        held=tuple(run for run in ledger.held if run not in over),
        final=tuple(kept),
        successes=_newest_successes((*ledger.successes, *ends)),
    )


def _newest_successes(ends: Sequence[RunEnd]) -> tuple[RunEnd, ...]:
    newest: dict[tuple[str | None, bool], RunEnd] = {}
    for end in sorted(filter(closes, ends), key=lambda end: end.order):
        newest[end.branch, bool(end.pull_request)] = end
    return tuple(sorted(newest.values(), key=lambda end: end.order)[-SUCCESSES_KEPT:])


def was_accounted(ledger: Ledger, end: RunEnd) -> bool:
    """Whether an end was accounted for before: its run is remembered, or so old that it would have been forgotten since."""
    if any(end.run == run for run, _ in ledger.final):
        return True
    started = end.started_at.timestamp() if end.started_at else 0
    return len(ledger.final) == FINAL_KEPT and 0 < started <= ledger.floor and end.run not in ledger.active


def reaches_known(ledger: Ledger, page: Sequence[RunSummary]) -> bool:
    """Whether older pages of a listing can't contain anything new."""
    final = {run for run, _ in ledger.final}
    if not ledger.begun:
        return True
    return any(one.id in final for one in page) or any(_start(one) and _start(one) < ledger.floor for one in page)


def is_over(run: RunSummary, at: datetime) -> bool:
    """Whether a listed run has ended. A run in an unknown state counts as ended some time after Bolt reports an end."""
    if is_final(run.state):
        return True
    ended = run.ended_at is not None and at - run.ended_at >= UNKNOWN_OVER_AFTER
    return ended and run.state not in _ACTIVE_STATES


def _ids(runs: Sequence[RunSummary]) -> tuple[int, ...]:
    return tuple(one.id for one in runs)


def _start(run: RunSummary) -> float:
    return run.started_at.timestamp() if run.started_at else 0


def _order(run: RunSummary) -> tuple[datetime, datetime, int]:
    return run.ended_at or _NEVER, run.started_at or _NEVER, run.id
