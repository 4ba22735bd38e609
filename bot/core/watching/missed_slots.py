"""Slots without a run, for digests. A run belongs to the latest slot before its start, however late it begins.

A slot is counted after the next slot has passed, when it's certain that no run belongs to it. Until then, digests show
the slot beside the counts.

`bot.core.watching.late` decides when a schedule is reported as late.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.core.model.bolt import RunSummary
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.slots import Slots
from bot.core.watching.counted_runs import fills_slot
from bot.core.watching.ends import end_of_listing
from bot.core.watching.late import EARLY
from bot.core.watching.tally import MISSED_AFTER

# If older runs can't be listed for this long, a slot whose run may be among them isn't counted.
OLDER_AWAITED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """A schedule's slots after a look at its runs: those still open, and those to count as having no run."""

    slots: Slots
    counted: tuple[datetime, ...] = ()


def settle(
    schedule: WatchedSchedule,
    slots: Slots,
    listed: Sequence[RunSummary],
    at: datetime,
    *,
    has_all: bool,
    is_cut: bool = False,
    has_all_new: bool = True,
) -> Settled:
    """Compare a schedule's slots with a listing at `at` of its newest runs. `has_all`: the schedule has no other runs.

    A slot from before the oldest listed run isn't counted, because its run may not be listed. `is_cut`: older runs
    can't be listed now, so slots from before the oldest listed run wait until they can, for a day at most.
    `has_all_new`: every run since the last look is listed.
    """
    open_slots = sorted({*slots.waiting, *([slots.missed] if slots.missed else [])})
    if not open_slots or schedule.suspended:
        return Settled(slots)
    # A run that begins when the next slot is about to pass belongs to that slot.
    bounds = [*open_slots, *([slots.next] if slots.next else [])]
    starts = [
        run.started_at.timestamp() + EARLY.total_seconds()
        for run in listed
        if run.started_at is not None and fills_slot(end_of_listing(run), schedule)
    ]
    filled = {bisect_right(bounds, start) - 1 for start in starts}
    reach = 0.0 if has_all else _first_start(listed)
    # A slot that an earlier look found without a run only has to be compared with new runs.
    known = slots.missed if has_all_new else 0.0
    unknown = {slot for slot in open_slots if slot - EARLY.total_seconds() < reach and slot != known}
    without = [slot for number, slot in enumerate(open_slots) if number not in filled and slot not in unknown]
    newest = open_slots[-1]
    last = newest if newest in without else 0.0
    is_missed = bool(last) and last + MISSED_AFTER.total_seconds() <= at.timestamp()
    waiting = [last] if last and not is_missed else []
    if is_cut:
        awaited = {slot for slot in unknown if slot > (at - OLDER_AWAITED).timestamp()}
        waiting += [slot for number, slot in enumerate(open_slots) if slot in awaited and number not in filled]
    left = replace(slots, waiting=tuple(sorted(waiting)), missed=last if is_missed else 0.0)
    return Settled(left, tuple(_time(slot) for slot in without if slot != newest))


def reaches_waiting(slots: Slots, page: Sequence[RunSummary]) -> bool:
    """Whether a page reaches back so far that older ones can't contain the run that a slot still waits for."""
    return not slots.waiting or min(slots.waiting) - EARLY.total_seconds() >= _first_start(page)


def shown_missed(slots: Slots, since: datetime, until: datetime) -> datetime | None:
    """The slot that a digest of this period shows although it isn't counted yet, or None if there's none."""
    if not slots.missed or not since <= _time(slots.missed) + MISSED_AFTER < until:
        return None
    return _time(slots.missed)


def needs_look(slots: Slots, at: datetime, listed_at: datetime | None) -> bool:
    """Whether the grace period of a slot that waits for its run ended between two listings, so that a look is due."""
    if listed_at is None:
        return False
    overdue = (slot + MISSED_AFTER.total_seconds() for slot in slots.waiting)
    return any(listed_at.timestamp() < one <= at.timestamp() for one in overdue)


def _first_start(listed: Sequence[RunSummary]) -> float:
    return min((run.started_at.timestamp() for run in listed if run.started_at is not None), default=0.0)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
