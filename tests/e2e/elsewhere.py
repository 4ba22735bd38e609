"""Events in Bolt in which the bot has no part: a schedule that allows one run at a time, and runs started elsewhere."""

from __future__ import annotations

from bolt_sandbox.bolt import Schedule, Start
from bolt_sandbox.bolt.model import Actor, Character, Run, Step
from tests.e2e.stage import Stage

SCHEDULER = Actor("Bolt scheduler")
SLUG = "load"
# Long enough for anything that a test does meanwhile, at the speed of the sandbox's runs.
LONG_S = 3000.0


def add_schedule(stage: Stage, *, lasts_s: float = LONG_S, slug: str = SLUG) -> None:
    """Add the schedule that refuses a second run; its runs last `lasts_s` unless they're ended."""
    steps = (Step("dbt run --select staging", lasts_s, log="run-success"),)
    made = Schedule(0, "Load the warehouse", slug, Character(steps, phases=(), exclusive=True))
    stage.sandbox.bolt.add_schedule(made)


def starts(stage: Stage, *, by: Actor = SCHEDULER, branch: str | None = None) -> Run:
    """Start a run of the schedule in Bolt, as somebody else."""
    return stage.sandbox.bolt.start(SLUG, Start(branch=branch, pull_request=12), by)


def ends(stage: Stage, run: Run, state: str = "SUCCESS") -> None:
    """End this run of the schedule now."""
    stage.sandbox.bolt.end(run.id, state)
