"""Late schedules: a slot and its grace period have passed, and no run has begun.

Only times that Bolt listed before they passed are slots: the time zone of a cron expression isn't known. All times are
Bolt's.

The grace period is an option of the watch; its default is in `bot.core.watching.watch_of_command`. Runs that take too
long are in `bot.core.watching.slow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.core.model.bolt import RunSummary
from bot.core.model.incident import IncidentRun
from bot.core.model.notice import Lateness, Notice
from bot.core.model.run import is_final
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.slots import LateBoard, Slots
from bot.core.model.watch import Watch
from bot.core.watching.counted_runs import counts
from bot.core.watching.ends import end_of_listing

# A run that begins up to this long before a slot belongs to that slot.
EARLY = timedelta(minutes=1)
# Without a complete listing for this long, slots pass unseen.
BLIND_AFTER = timedelta(minutes=10)
# The number of a schedule's slots that are kept until they're judged. Only a schedule that runs every minute and has a
# grace period of hours would need more.
SLOTS_KEPT = 100
# If more schedules than this are late at once in a channel, they share one message.
APART_MOST = 5
TOGETHER_WITHIN = timedelta(minutes=2)
# While a schedule is late, its runs are looked at this often, whatever the listing says.
OPEN_AGAIN_S = 60.0


def note_listing(
    slots: Slots,
    next_run_at: datetime | None,
    at: datetime,
    listed_at: datetime | None,
    *,
    is_judged: bool = True,
    is_counted: bool = False,
) -> Slots:
    """A schedule's slots after a complete listing at `at`; `listed_at` is the time of the listing before it.

    A slot that was listed before it passed is judged and counted later, unless nothing could be listed around that
    time.
    """
    readable = listed_at is not None and at - listed_at <= BLIND_AFTER
    new = (slots.next,) if readable and slots.next and slots.next <= at.timestamp() else ()
    return Slots(
        next_run_at.timestamp() if next_run_at is not None and next_run_at > at else 0,
        _with(slots.passed if readable else (), new) if is_judged else (),
        _with(slots.waiting if readable else (), new) if is_counted else (),
        slots.missed if is_counted else 0,
    )


def _with(slots: tuple[float, ...], new: tuple[float, ...]) -> tuple[float, ...]:
    return (*slots, *(slot for slot in new if slot not in slots))[-SLOTS_KEPT:]


@dataclass(frozen=True, slots=True)
class Starts:
    """A schedule's runs that count for a watch, without retries, the oldest first. All have a start time."""

    runs: tuple[RunSummary, ...] = ()

    @classmethod
    def of(cls, runs: Iterable[RunSummary], watch: Watch, schedule: WatchedSchedule) -> Starts:
        """Choose the starts that count from a listing of the schedule's runs."""
        found = [
            run
            for run in runs
            if run.started_at and run.parent_run_id is None and counts(end_of_listing(run), watch, schedule)
        ]
        return cls(tuple(sorted(found, key=_start)))

    def since(self, slot: datetime) -> RunSummary | None:
        """The first run that began at a slot or later."""
        return next((run for run in self.runs if _start(run) >= slot - EARLY), None)

    def active_before(self, slot: datetime) -> RunSummary | None:
        """The newest run that began before a slot and is still active."""
        return next((run for run in reversed(self.runs) if _start(run) < slot - EARLY and not _is_over(run)), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """Findings about a late schedule: its lateness by channel, the slots still to judge, and when to look again."""

    changed: Mapping[str, Lateness]
    slots: Slots
    again_s: float | None


def judge(
    schedule: WatchedSchedule,
    slots: Slots,
    runs: Sequence[RunSummary],
    deciding: Mapping[str, Watch],
    known: Mapping[str, Lateness],
    at: datetime,
) -> Judged:
    """Judge a schedule in each channel. `known` is its open lateness by channel; `runs` are its newest runs."""
    if schedule.suspended:
        closed = {channel: replace(late, why="it's paused in Bolt") for channel, late in known.items()}
        return Judged(closed, Slots(), None)
    changed: dict[str, Lateness] = {}
    waiting: dict[float, float] = {}
    has_open = False
    for channel in known.keys() | deciding.keys():
        before, watch = known.get(channel), deciding.get(channel)
        if watch is None or watch.late_s is None:
            if before is not None:
                changed[channel] = replace(before, why="it's no longer watched here")
            continue
        starts = Starts.of(runs, watch, schedule)
        missed = [slot for slot in map(_time, slots.passed) if slot > watch.since and starts.since(slot) is None]
        grace = timedelta(seconds=watch.late_s)
        overdue = [slot for slot in missed if slot + grace <= at]
        after = _lateness(before, schedule, watch, overdue, starts, slots, at)
        if after is not None and after != before:
            changed[channel] = after
        has_open = has_open or (after is not None and after.is_open)
        for slot in missed:
            if slot not in overdue:
                due = (slot + grace).timestamp()
                waiting[slot.timestamp()] = min(due, waiting.get(slot.timestamp(), due))
    times = [due - at.timestamp() for due in waiting.values()] + ([OPEN_AGAIN_S] if has_open else [])
    again_s = max(1.0, min(times)) if times else None
    return Judged(changed, replace(slots, passed=tuple(sorted(waiting))), again_s)


def _lateness(
    before: Lateness | None,
    schedule: WatchedSchedule,
    watch: Watch,
    overdue: Sequence[datetime],
    starts: Starts,
    slots: Slots,
    at: datetime,
) -> Lateness | None:
    """The lateness of a schedule in a channel after a look: the next start ends it; another missed slot is counted."""
    if before is None:
        if not overdue:
            return None
        opened = Lateness(
            schedule.slug,
            schedule.name,
            overdue[0],
            overdue[-1],
            at,
            len(overdue),
            watch=watch.number,
            owner=schedule.owner,
        )
        return replace(opened, running=_run(starts.active_before(overdue[0])))
    run = starts.since(before.first)
    if run is not None:
        return replace(before, running=None, started=_run(run), started_for=_slot_of(run, before, slots))
    new = [slot for slot in overdue if slot > before.latest]
    counted = replace(before, slots=before.slots + len(new), latest=new[-1] if new else before.latest)
    return replace(counted, running=_run(starts.active_before(before.first)))


def _slot_of(run: RunSummary, late: Lateness, slots: Slots) -> datetime:
    """The slot that a run belongs to: the latest one before its start."""
    listed = [_time(slot) for slot in (*slots.passed, slots.next) if slot]
    return max(slot for slot in (late.first, late.latest, *listed) if slot <= _start(run) + EARLY or slot == late.first)


# --- the channel ---


def on_board(
    board: LateBoard, channel: str, team: str, changed: Sequence[Lateness], at: datetime
) -> tuple[LateBoard, list[Notice]]:
    """Put changes on a channel's board of late schedules.

    Returns the board with the notices still open, and the notices that are new or changed.
    """
    by_schedule = {one.schedule: one for one in changed}
    notices = []
    for notice in board.notices:
        late = tuple(by_schedule.pop(one.schedule, one) if one.is_open else one for one in notice.late)
        notices.append(replace(notice, late=late))
    new = sorted((one for one in by_schedule.values() if one.is_open), key=lambda one: (one.first, one.schedule))
    recent = sum(at - one.opened_at <= TOGETHER_WITHIN for notice in notices for one in notice.late)
    if new and len(new) + recent > APART_MOST:
        notices = _together(notices, channel, team, new, at)
    else:
        notices += [_notice(channel, team, f"late:{one.schedule}:{one.first.timestamp():.0f}", one) for one in new]
    before = {notice.name: notice for notice in board.notices}
    news = [notice for notice in notices if before.get(notice.name) != notice]
    still = tuple(notice for notice in notices if any(one.is_open for one in notice.late))
    return LateBoard(still), news


def is_count_only(before: Notice, after: Notice) -> bool:
    """Whether only the slot counts have changed."""
    return _without_counts(before) == _without_counts(after)


def _together(
    notices: Sequence[Notice], channel: str, team: str, new: Sequence[Lateness], at: datetime
) -> list[Notice]:
    """Add late schedules to the channel's shared message, or begin one."""
    shared = next((one for one in notices if one.name.startswith(_SHARED)), None)
    if shared is None:
        return [*notices, _notice(channel, team, f"{_SHARED}{at.timestamp():.0f}", *new)]
    joined = replace(shared, late=(*shared.late, *new))
    return [joined if one is shared else one for one in notices]


# No schedule's slug is empty.
_SHARED = "late::"


def _notice(channel: str, team: str, name: str, *late: Lateness) -> Notice:
    return Notice(
        channel, name, team, late[0].schedule, late[0].title, late=tuple(late), watch=late[0].watch, owner=late[0].owner
    )


def _without_counts(notice: Notice) -> Notice:
    return replace(notice, late=tuple(replace(one, slots=0, latest=one.first) for one in notice.late))


def _run(run: RunSummary | None) -> IncidentRun | None:
    return IncidentRun.of(end_of_listing(run)) if run is not None else None


def _start(run: RunSummary) -> datetime:
    return run.started_at or datetime.min.replace(tzinfo=UTC)


def _is_over(run: RunSummary) -> bool:
    return is_final(run.state) or run.ended_at is not None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
