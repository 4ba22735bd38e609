"""Build workers from the table of due sets and lanes: how each row is claimed, and which rows it wakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.flows.discover_schedules import LOOKS_TOGETHER
from bot.settings import Settings
from bot.store.due_sets import next_due
from bot.wiring.base import Base
from bot.wiring.flows import Flows
from bot.wiring.wakeups import WakeEvent
from bot.workers import claims
from bot.workers.lookout import Lookout
from bot.workers.worker import Claim, Worker

FEW_AT_ONCE = 10
# Schedules whose next look is due this soon are included in a request that goes out anyway, so that requests are full.
LOOK_SOON_S = 90
LATE_SOON_S = 20

# Builds a worker's claim function from the row's name.
BuildClaim = Callable[[str, Base, Flows], Claim]


def _no_gap(_settings: Settings) -> float:
    return 0


@dataclass(frozen=True, slots=True)
class DueWork:
    """A row of the table: a due set or a lane, and its worker.

    `claim` builds the claim function, which calls the flow; `at_once` is the maximum number of simultaneous jobs.
    `gap_s` is the minimum time between two claims, in seconds; a lane has the budget of its Slack method instead.
    `wakes` names the rows that this row's jobs make work for; `woken_by` names the events and other rows that make work
    for this one. The lookout notices any other work of this process within a second: waking every worker for every
    event would make up most of a busy bot's load.
    """

    name: str
    claim: BuildClaim
    at_once: int = FEW_AT_ONCE
    gap_s: Callable[[Settings], float] = _no_gap
    wakes: tuple[str, ...] = ()
    woken_by: tuple[str, ...] = ()


def one_by_one(flow: Callable[[Flows], claims.Advance], *, posts_only: WakeEvent | None = None) -> BuildClaim:
    """Claim one member per job.

    `posts_only`: a job that returns True wakes only the workers for this event, instead of all that the row wakes.
    """

    def build(name: str, base: Base, flows: Flows) -> Claim:
        waker = base.wakeups.waker
        wake_posts = None if posts_only is None else waker(posts_only)
        return claims.claim_one(base.stores.due[name], flow(flows), waker(name), wake_posts=wake_posts)

    return build


def polls_together(name: str, base: Base, flows: Flows) -> Claim:
    """Claim as many runs per job as fit in one request to Bolt, including those that are due soon."""
    return claims.claim_batch(
        base.stores.due[name],
        flows.poll,
        base.wakeups.waker(name),
        batch=lambda: base.services.bolt.batch_limit,
        soon_s=min(1.0, base.settings.bolt_bot_poll_min_s / 2),
    )


def polls_alone(name: str, base: Base, flows: Flows) -> Claim:
    """Claim one run per job, which is polled alone."""
    return claims.claim_batch(base.stores.due[name], flows.poll, base.wakeups.waker(name), batch=lambda: 1, soon_s=0)


def looks_together(name: str, base: Base, flows: Flows) -> Claim:
    """Claim as many schedules per job as one request to Bolt can list runs of."""
    return claims.claim_many(
        base.stores.due[name],
        flows.discover_runs.look,
        base.wakeups.waker(name),
        most=LOOKS_TOGETHER,
        soon_s=LOOK_SOON_S,
    )


def late_together(name: str, base: Base, flows: Flows) -> Claim:
    """Claim schedules that may be late, as many per job as one request to Bolt can serve."""
    return claims.claim_many(
        base.stores.due[name],
        flows.judge_late.judge_schedules,
        base.wakeups.waker(name),
        most=LOOKS_TOGETHER,
        soon_s=LATE_SOON_S,
    )


def posts_of_lane(name: str, base: Base, flows: Flows) -> Claim:
    """Claim one post per job."""
    return claims.claim_post(base.stores.posts, flows.deliver, base.wakeups.waker(name))


def edits_of_lane(name: str, base: Base, flows: Flows) -> Claim:
    """Claim one card edit per job."""
    return claims.claim_edit(base.stores.edits, flows.edit_cards, base.wakeups.waker(name))


def woken(rows: Sequence[DueWork]) -> dict[str, tuple[str, ...]]:
    """Return the names of the workers that each event, and each row's job, wakes."""
    pairs = {(row.name, name) for row in rows for name in row.wakes}
    pairs |= {(source, row.name) for row in rows for source in row.woken_by}
    sources = [*WakeEvent, *(row.name for row in rows)]
    return {source: tuple(row.name for row in rows if (source, row.name) in pairs) for source in sources}


def build_workers(rows: Sequence[DueWork], base: Base, flows: Flows) -> dict[str, Worker]:
    """Build a worker for each row, by name."""
    report_fault, lull = base.services.report_fault, base.services.intake.lull
    return {
        row.name: Worker(
            row.name, row.claim(row.name, base, flows), most=row.at_once, report_fault=report_fault, lull=lull
        )
        for row in rows
    }


def build_lookout(rows: Sequence[DueWork], base: Base) -> Lookout:
    """Build the lookout, which wakes the workers of all rows."""
    names = tuple(row.name for row in rows)
    scripts, wakeups = base.stores.scripts, base.wakeups
    return Lookout(lambda: next_due(scripts, names), wakeups.workers, base.services.report_fault, scripts.worked)
