"""How long a schedule usually takes.

The median is computed by `usual_seconds` in `bot.core.runs.progress`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model.bolt import RunSummary
from bot.core.runs.progress import usual_seconds
from bot.flows.ports.store import Runs


async def usual_s(runs: Runs, workspace: str, listed: Sequence[RunSummary]) -> float | None:
    """Median duration of the schedule's own commands in seconds.

    Retries, and runs known to have had other commands, don't count.
    """
    whole = [run for run in listed if run.state == "SUCCESS" and run.parent_run_id is None]
    others = await runs.overridden(workspace, [run.id for run in whole])
    return usual_seconds([run for run in whole if run.id not in others])
