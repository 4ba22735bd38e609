"""The changes that the watches file makes to the stored watches.

`bot.flows.keep_watches` makes these changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.model.watch import Watch
from bot.core.watching.watch_of_command import subject

# The fields that a watch keeps when its options change.
KEPT = ("number", "since", "paused", "paused_at", "notify")


@dataclass(frozen=True, slots=True)
class FilePlan:
    """Watches to add, to change (each with the number of the watch that it replaces), and to stop."""

    add: tuple[Watch, ...] = ()
    change: tuple[Watch, ...] = ()
    stop: tuple[Watch, ...] = ()


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """`is_new`: Redis had no record of an earlier start. `numbers`: the added watches' numbers, 0 for lack of room."""

    is_new: bool
    numbers: tuple[int, ...] = ()


def plan_file(wanted: Sequence[Watch], known: Sequence[Watch]) -> FilePlan:
    """Compare the file's watches with those on record.

    If a watch made in Slack is about the same schedules as one in the file, the file's watch takes its place. A watch
    that came from the file and is no longer in it is stopped. A watch that stays keeps the time at which it began.
    """
    # If two watches are about the same schedules, the file's is kept.
    by_subject = {subject(one): one for one in sorted(known, key=lambda one: one.is_from_file)}
    add, change = [], []
    for watch in wanted:
        same = by_subject.get(subject(watch))
        if same is None:
            add.append(watch)
            continue
        after = replace(watch, **{name: getattr(same, name) for name in KEPT})
        if after != same:
            change.append(after)
    subjects = {subject(one) for one in wanted}
    stop = [one for one in known if one.is_from_file and subject(one) not in subjects]
    return FilePlan(tuple(add), tuple(change), tuple(stop))
