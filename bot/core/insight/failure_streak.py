"""Whether a success is a recovery: how often its schedule failed directly before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.model.bolt import RunSummary
from bot.core.model.run import is_failed


@dataclass(frozen=True, slots=True)
class Recovery:
    """How many failures came before; with `more`, as many as were listed and maybe more."""

    failures: int = 0
    more: bool = False


def recovery(listed: Sequence[RunSummary], run_id: int, *, all_listed: bool) -> Recovery:
    """The failures between this run and the success before it. What was cancelled, skipped, or still runs counts for neither.

    `all_listed` says that the schedule has no runs but these.
    """
    failures = 0
    for run in sorted(listed, key=lambda one: one.id, reverse=True):
        if run.id >= run_id:
            continue
        if run.state == "SUCCESS":
            return Recovery(failures)
        failures += is_failed(run.state)
    return Recovery(failures, more=failures > 0 and not all_listed)
