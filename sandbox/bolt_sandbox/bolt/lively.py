"""The schedules of a lively Bolt, whose scheduler is busy. For the demo.

Their cron expression is the most frequent one possible, but they're started even more often, so that something happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bolt_sandbox.bolt.catalog import dbt
from bolt_sandbox.bolt.model import Character, Course, Schedule, Start, Step
from bolt_sandbox.bolt.scheduler import Slot

EVERY_MINUTE = "* * * * *"


@dataclass(frozen=True, slots=True)
class Lively:
    """A schedule and the script for its slots. The first slot comes after `first_s`, then one comes every `every_s`."""

    schedule: Schedule
    script: Sequence[Slot]
    every_s: float
    first_s: float


def lively_schedules() -> list[Lively]:
    """Return all the schedules. The first one's runs fail twice for one reason, once for another, and then succeed."""
    return [
        Lively(_schedule("Orders sync", "orders-sync", "ada@acme-data.example"), _FAILS_IN_TURNS, 25.0, 4.0),
        Lively(_schedule("Events load", "events-load", "grace@acme-data.example"), _LATE_AND_SLOW, 40.0, 12.0),
        Lively(_schedule("Pricing models", "pricing-models", None), _PULL_REQUESTS, 35.0, 21.0),
    ]


def _schedule(name: str, slug: str, owner: str | None) -> Schedule:
    steps: tuple[Step, ...] = (dbt("dbt seed", 1.0, "seed"), dbt("dbt build", 3.0, "build-success"))
    return Schedule(0, name, slug, Character(steps, history="SSS"), cron=EVERY_MINUTE, period_s=60, owner=owner)


def _ends(course: Course, branch: str | None = None, pull_request: int | None = None, *, late_s: float = 0.0) -> Slot:
    return Slot(Start(branch=branch, pull_request=pull_request, course=course), late_s)


_FAILS_IN_TURNS = (
    _ends(Course("model_error")),
    _ends(Course("model_error")),
    _ends(Course("test_failure")),
    _ends(Course("success")),
)
_LATE_AND_SLOW = (
    _ends(Course("success")),
    _ends(Course("success", slow=3.0)),
    _ends(Course("other_error")),
    _ends(Course("success"), late_s=25.0),
)
_PULL_REQUESTS = (
    _ends(Course("success"), "feature/price-tiers", 128),
    _ends(Course("success")),
    _ends(Course("test_failure"), "feature/price-tiers", 128),
    _ends(Course("compile_error"), "experiment"),
    _ends(Course("success")),
)
