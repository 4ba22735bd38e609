"""The runs of a schedule that count for a watch.

`bot.core.watching.cover` decides which watch applies to a schedule.
"""

from __future__ import annotations

from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.watch import Watch

ANY_BRANCH = "*"


def counts(end: RunEnd, watch: Watch, schedule: WatchedSchedule) -> bool:
    """Whether a run may open or close an incident, or add to it.

    The run has to be on the schedule's own branch, or the one that the watch names, and must not be for a pull request.
    If its branch isn't known, it counts.
    """
    return _is_of_branch(end, watch.branch or schedule.branch)


def fills_slot(run: RunEnd, schedule: WatchedSchedule) -> bool:
    """Whether a run can be the scheduled run for a slot: it's on the schedule's own branch and isn't a retry."""
    return run.parent is None and _is_of_branch(run, schedule.branch)


def expects_slots(watch: Watch, schedule: WatchedSchedule) -> bool:
    """Whether a watch covers the runs that the scheduler starts.

    A watch that names a branch other than the schedule's own doesn't cover those runs.
    """
    return watch.branch in {None, ANY_BRANCH, schedule.branch}


def _is_of_branch(run: RunEnd, branch: str | None) -> bool:
    return not run.pull_request and (branch in {None, ANY_BRANCH, run.branch} or run.branch is None)


def is_told(run: RunEnd, watch: Watch, schedule: WatchedSchedule) -> bool:
    """Whether a watch reports a run in any way: one that counts, or a pull request's if the watch reports those."""
    return watch.pull_requests if run.pull_request else counts(run, watch, schedule)


def closes(end: RunEnd) -> bool:
    """Whether a run that counts shows that the schedule works again. `bot.core.watching.ends` sets `closes`."""
    return end.state == "SUCCESS" and end.closes
