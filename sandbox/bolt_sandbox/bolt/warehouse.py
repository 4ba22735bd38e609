"""An outage of the warehouse: all commands that need it fail, for the same reason.

The call that begins one is described in `bolt_sandbox.bolt.control`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from bolt_sandbox.bolt.model import Run, Step
from bolt_sandbox.bolt.output import STDOUT, Source, printed, warehouse_refusal
from bolt_sandbox.bolt.plan import dbt_subcommand
from bolt_sandbox.bolt.run_state import CommandView, observe

Outage = Literal["refused", "timeout"]
OUTAGES: tuple[Outage, ...] = get_args(Outage)
# Subcommands of dbt that don't connect to the warehouse.
OFFLINE = ("deps", "clean", "parse", "ls", "list")
NOTICED_AFTER_S = 0.5


def without_warehouse(step: Step, outage: Outage = "refused") -> Step:
    """Return the command as it behaves while the warehouse is away: unchanged if it doesn't use the warehouse."""
    if step.platform or not _needs_it(step):
        return step
    if step.is_dbt:
        return replace(step, return_code=2, log=f"warehouse-{outage}", writes=(), prints=())
    return replace(step, return_code=1, log=f"python-warehouse-{outage}", prints=())


def lose_warehouse(run: Run, now: datetime, outage: Outage) -> None:
    """Make an active run fail: its commands that need the warehouse fail, and one that's running fails in a moment."""
    view = observe(run, now)
    if view.ended_at is not None:
        return
    running = next((each for each in view.commands if each.ended_at is None), None)
    begun = len(view.commands)
    steps = [*run.steps[:begun], *(without_warehouse(step, outage) for step in run.steps[begun:])]
    if running is not None and not running.step.platform and _needs_it(running.step):
        steps[running.index] = _cut_off(run, running, now, outage)
    run.steps = tuple(steps)


def _needs_it(step: Step) -> bool:
    if step.is_dbt:
        return dbt_subcommand(step.command) not in OFFLINE
    return step.command.startswith("python")


def _cut_off(run: Run, command: CommandView, now: datetime, outage: Outage) -> Step:
    """Return a running command that fails soon: what it has printed stays, and the failure follows."""
    step = command.step
    source = Source(step.log, step.command, command.started_at, step.duration_s, run.id, step.prints)
    so_far = [line.text for line in printed(source, command.elapsed_s) if line.stream == STDOUT]
    lost_at = now + timedelta(seconds=NOTICED_AFTER_S / run.speed)
    stamp = f"\x1b[0m{lost_at:%H:%M:%S}"
    said = [f"{stamp}  Encountered an error:", "Database Error", *warehouse_refusal(outage)]
    if not step.is_dbt:
        said = [f"psycopg2.OperationalError: {warehouse_refusal(outage)[0].strip()}"]
    failed = without_warehouse(step, outage)
    return replace(failed, duration_s=command.elapsed_s + NOTICED_AFTER_S / run.speed, prints=(*so_far, *said))
