"""Which runs of a schedule count for a watch."""

from __future__ import annotations

from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.watch import Watch

ANY_BRANCH = "*"


def counts(end: RunEnd, watch: Watch, schedule: WatchedSchedule) -> bool:
    """Whether a run opens, counts or closes an incident: one of the schedule's own branch, without a pull request.

    A watch may name another branch. A run counts if its branch isn't known.
    """
    if end.pull_request:
        return False
    wanted = watch.branch or schedule.branch
    return wanted in (None, ANY_BRANCH, end.branch) or end.branch is None


def is_told(run: RunEnd, watch: Watch, schedule: WatchedSchedule) -> bool:
    """Whether a watch reports a run in any way: one that counts, or one for a pull request if it reports those."""
    return watch.pull_requests if run.pull_request else counts(run, watch, schedule)


def closes(end: RunEnd) -> bool:
    """Whether a run that counts shows that the schedule works again."""
    return end.state == "SUCCESS" and end.closes
