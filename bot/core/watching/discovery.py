"""Finding runs that nobody started here: a schedule's newest runs, compared with those that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.core.model.bolt import RunSummary
from bot.core.model.run import is_final
from bot.core.model.run_end import RunEnd

# How many finished runs of a schedule are remembered.
FINAL_KEPT = 100
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of a schedule's runs.

    `active` are the runs that haven't ended; they're never dropped. `final` are the newest finished ones, each with its
    start in Unix seconds (0: unknown). `newest` is the newest end that was accounted. `since`: runs that ended before
    aren't accounted, because nobody watched. `begun`: the listing has been read at least once.
    """

    active: tuple[int, ...] = ()
    final: tuple[tuple[int, float], ...] = ()
    newest: RunEnd | None = None
    begun: bool = False

    @property
    def floor(self) -> float:
        """The start of the oldest finished run that's remembered: an unknown run below it is no news. 0: none is."""
        return min((start for _, start in self.final if start), default=0)


@dataclass(frozen=True, slots=True)
class Found:
    """New in a listing: runs that have begun, and runs that have ended, in the order of their ends."""

    begun: tuple[RunSummary, ...] = ()
    ended: tuple[RunSummary, ...] = ()
    ledger: Ledger = Ledger()

    def __bool__(self) -> bool:
        """Whether anything is new."""
        return bool(self.begun or self.ended)


def compare(ledger: Ledger, listed: Sequence[RunSummary]) -> Found:
    """Compare a listing with the ledger. At the first look nothing has ended: what was over by then isn't news."""
    final, active = {run for run, _ in ledger.final}, set(ledger.active)
    floor = ledger.floor
    unknown = [one for one in listed if one.id not in final]
    if not ledger.begun:
        begun = tuple(one for one in unknown if not _is_over(one))
        over = [one for one in unknown if _is_over(one)]
        return Found(begun, (), settle(replace(ledger, begun=True, active=_ids(begun)), over))
    fresh = [one for one in unknown if one.id in active or not _start(one) or _start(one) >= floor]
    begun = tuple(one for one in fresh if not _is_over(one) and one.id not in active)
    ended = tuple(sorted((one for one in fresh if _is_over(one)), key=_order))
    return Found(begun, ended, replace(ledger, active=tuple(sorted(active | set(_ids(begun))))))


def settle(ledger: Ledger, over: Sequence[RunSummary]) -> Ledger:
    """Remember finished runs, and forget that they were active."""
    ids = set(_ids(over))
    final = {**dict(ledger.final), **{one.id: _start(one) for one in over}}
    kept = sorted(final.items(), key=lambda pair: (pair[1], pair[0]))[-FINAL_KEPT:]
    return replace(ledger, active=tuple(run for run in ledger.active if run not in ids), final=tuple(kept))


def reaches_known(ledger: Ledger, page: Sequence[RunSummary]) -> bool:
    """Whether older pages of a listing can hold nothing new."""
    final = {run for run, _ in ledger.final}
    if not ledger.begun:
        return True
    return any(one.id in final for one in page) or any(_start(one) and _start(one) < ledger.floor for one in page)


def _is_over(run: RunSummary) -> bool:
    return is_final(run.state)


def _ids(runs: Sequence[RunSummary]) -> tuple[int, ...]:
    return tuple(one.id for one in runs)


def _start(run: RunSummary) -> float:
    return run.started_at.timestamp() if run.started_at else 0


def _order(run: RunSummary) -> tuple[datetime, datetime, int]:
    return run.ended_at or _NEVER, run.started_at or _NEVER, run.id
