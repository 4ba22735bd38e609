"""Make the record of a new run.

The steps come from `bolt_sandbox.bolt.catalog` or `bolt_sandbox.bolt.plan`, and how they end from
`bolt_sandbox.bolt.course`.
"""

from __future__ import annotations

import hashlib
import random
import string
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bolt_sandbox.bolt.course import steps_of_course
from bolt_sandbox.bolt.model import Actor, Run, Schedule, Start, Step, Stop, hastened
from bolt_sandbox.bolt.plan import HASH, platform_steps
from bolt_sandbox.bolt.warehouse import Outage, without_warehouse

STOPPED_CODE = 143
SHORTEST_S = 0.001
LETTERS = string.ascii_letters + string.digits
COLLEAGUE = Actor("Linus Example", "linus@acme-data.example")


@dataclass(slots=True)
class Circumstances:
    """The circumstances of a new run: its speed, the branches' commits, and whether the warehouse can be reached."""

    speed: float
    random: random.Random
    commits: dict[str, str] = field(default_factory=dict)
    outage: Outage | None = None

    def commit_of(self, branch: str) -> str:
        """Return the commit that a branch is at."""
        return self.commits.get(branch) or hashlib.sha256(branch.encode()).hexdigest()[:40]

    def move_branch(self, branch: str, commit: str | None) -> str:
        """Move a branch to another commit, and return that commit."""
        self.commits[branch] = commit or f"{self.random.getrandbits(160):040x}"
        return self.commits[branch]


def new_run(
    schedule: Schedule,
    own: tuple[Step, ...],
    created_at: datetime,
    actor: Actor,
    start: Start,
    numbers: tuple[int, int],
    met: Circumstances,
) -> Run:
    """Return a run. `own`: its steps, without the platform's. `numbers`: the ids of the run and of its first command."""
    character, course = schedule.character, start.course
    wanted = start.branch or schedule.git_branch
    commit_was_given = wanted is not None and HASH.fullmatch(wanted) is not None
    branch = None if commit_was_given else wanted
    commit = wanted if commit_was_given else start.commit or met.commit_of(f"{wanted}")
    secret = "ghs_" + "".join(met.random.choices(LETTERS, k=36))
    own = steps_of_course(own, course.ends)
    if met.outage is not None:
        own = tuple(without_warehouse(step, met.outage) for step in own)
    steps = (*platform_steps(secret, branch, commit if commit_was_given else None), *own)
    usual_s = sum(step.duration_s for step in steps) + sum(length_s for _state, length_s in character.phases)
    pace = met.speed / course.slow if course.takes_s is None else usual_s / max(course.takes_s, SHORTEST_S)
    run_id, first_command_id = numbers
    return Run(
        id=run_id,
        slug=schedule.slug,
        created_at=created_at,
        actor=actor,
        steps=tuple(hastened(step, pace) for step in steps),
        phases=tuple((state, length_s / pace) for state, length_s in character.phases),
        first_command_id=first_command_id,
        secret=secret,
        speed=pace,
        fails_as=course.state or character.fails_as,
        skips=character.skips or course.ends == "skipped",
        branch=branch,
        commit=commit,
        commit_was_given=commit_was_given,
        pull_request=start.pull_request,
        parent_id=start.parent_id,
        reason=start.reason,
        stop=_stop(schedule, start, created_at, usual_s / pace, met.speed),
        listed_from=created_at + timedelta(seconds=course.listed_after_s) if course.listed_after_s else None,
    )


def _stop(schedule: Schedule, start: Start, created_at: datetime, takes_s: float, speed: float) -> Stop | None:
    after_s = schedule.character.cancelled_after_s
    if start.course.ends == "canceled":
        at = created_at + timedelta(seconds=takes_s / 2)
    elif after_s is not None:
        at = created_at + timedelta(seconds=after_s / speed)
    else:
        return None
    return Stop(at, "CANCELED", STOPPED_CODE, COLLEAGUE.name)
