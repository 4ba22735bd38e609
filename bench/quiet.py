"""Count the edits that a quiet run costs, with the bot's own flow, a simulated clock and no network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from bench.stage import Options
from bench.table import Row
from bolt_sandbox.bolt import BoltWorld
from bolt_sandbox.bolt.model import Character, Schedule, Step
from bot.core.model.bolt import BoltCommand, RunStatus
from bot.core.model.polling import Observed, Polled
from bot.core.model.run import End, Observation, Run, RunFacts, RunKey, is_final
from bot.core.views.card import run_card
from bot.flows.lease import Lease
from bot.flows.poll_runs import PollRules, RunPoller
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due, Runs
from bot.slack.blocks.render import render
from bot.store.record_json import to_json

WORKSPACE = "sandbox"
SLUG = "quiet"
POLL_MIN_S, POLL_MAX_S = 2.0, 30.0
LEASE_S = 10.0
DAY_S = 86_400.0
BEGIN = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
# Seconds from the run's start to the first poll. They affect the number of edits.
PHASES = tuple(number / 5 for number in range(10))
APP_URL = "https://app.example"


@dataclass(frozen=True, slots=True)
class Life:
    """A quiet run.

    `commands`: how many seconds each takes, apart from Bolt's own two. `usual_s`: the usual duration.
    """

    name: str
    commands: tuple[float, ...]
    most: int
    usual_s: float | None = None


LIVES = (
    Life("5 commands in 10 min", (120.0,) * 5, 8),
    Life("5 commands in 10 min, as long as usual", (120.0,) * 5, 8, 602.0),
    Life("one command in 3 days", (3 * DAY_S,), 6),
    Life("one command in 3 days, as long as usual", (3 * DAY_S,), 6, 3 * DAY_S),
    Life("one command in 3 days, twice as long as usual", (3 * DAY_S,), 6, 1.4 * DAY_S),
)


@dataclass(slots=True)
class Simulated:
    """Bolt, the records of runs and the due set, as far as following one run needs them."""

    world: BoltWorld
    run: Run
    edits: list[str]
    next_s: float = 0.0
    shown: str = field(default="")

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """Return the run's current status in Bolt."""
        view = self.world.view(run_ids[0])
        commands = tuple(
            BoltCommand(each.id, each.step.command, each.started_at, each.ended_at, each.return_code)
            for each in view.commands
        )
        return Polled(found={run_ids[0]: RunStatus(view.state, commands)})

    async def store_observations(self, _lease: Lease, _claimed_us: int, observed: Sequence[Observed]) -> list[str]:
        """Store observations. Each change causes an edit, except the end: its edit comes with its announcement."""
        for one in observed:
            self.next_s = one.next_s
            if to_json(one.seen) != to_json(self.run.seen):
                self.run = replace(self.run, rev=self.run.rev + 1, seen=one.seen)
                if not is_final(one.seen.state):
                    self.edit(_what(one.seen))
        return ["changed"] * len(observed)

    def edit(self, why: str) -> None:
        """Count a request to Slack to edit the card."""
        text = str(render(run_card(self.run, APP_URL)))
        self.edits.append(why if text != self.shown else f"{why}, which shows nothing new")
        self.shown = text


async def measure(options: Options) -> list[Row]:
    """Measure the largest number of edits, whatever the phase of the first poll."""
    rows = []
    phases = PHASES[: options.size(len(PHASES), 1)]
    for life in LIVES[: options.size(len(LIVES), 2)]:
        found = [await live(life, phase_s) for phase_s in phases]
        edits = max(found, key=len)
        good = len(edits) <= life.most
        seen = f"{len(edits)}" if good else f"{len(edits)}: {'; '.join(edits)}"
        least = min(len(one) for one in found)
        rows.append(
            Row(
                f"edits of a quiet run, {life.name}, maximum of {len(phases)} phases",
                seen,
                f"minimum {least}",
                f"≤ {life.most}",
                good,
            )
        )
    return rows


async def live(life: Life, phase_s: float) -> list[str]:
    """Return the reasons for a run's edits, from the moment it's settled until it ends."""
    clock = [BEGIN]
    world = BoltWorld(clock=lambda: clock[0])
    steps = tuple(Step(f"dbt run --select part_{at}", seconds) for at, seconds in enumerate(life.commands))
    world.add_schedule(Schedule(0, "Quiet", SLUG, Character(steps)))
    run_id = world.start(SLUG).id
    facts = RunFacts(
        SLUG, "Quiet", "main", None, tuple(step.command for step in steps), asked_at=BEGIN, usual_s=life.usual_s
    )
    simulated = Simulated(world, Run(RunKey(WORKSPACE, run_id), facts=facts), [])
    simulated.edit("it is settled")
    follow = _follow(simulated, clock)
    clock[0] += timedelta(seconds=phase_s)
    while not is_final(simulated.run.seen.state):
        await follow.poll_runs(*_claim(simulated.run, clock[0]))
        clock[0] += timedelta(seconds=simulated.next_s)
    simulated.run = replace(simulated.run, end=End(started_at=BEGIN, ended_at=clock[0]))
    simulated.edit("it has ended")
    return simulated.edits


def _follow(simulated: Simulated, clock: list[datetime]) -> RunPoller:
    return RunPoller(
        cast("Bolt", simulated),
        cast("Runs", simulated),
        {"polls": cast("Due", simulated)},
        PollRules(WORKSPACE, POLL_MIN_S, POLL_MAX_S),
        mask=str,
        now=lambda: clock[0],
    )


def _claim(run: Run, at: datetime) -> tuple[Lease, int, tuple[tuple[str, ...], ...]]:
    """Return a claim on the run's poll, as the store returns it."""
    name, asked = run.key.name, run.facts.asked_at or BEGIN
    usual = "" if run.facts.usual_s is None else str(run.facts.usual_s)
    lease = Lease("polls", (name,), 0, time.monotonic() + LEASE_S, LEASE_S)
    return lease, round(at.timestamp() * 1_000_000), ((name, usual, str(asked.timestamp()), "", ""),)


def _what(seen: Observation) -> str:
    running = [command.text for command in seen.commands if command.ended_at is None]
    return f"{seen.state.lower()}: {running[-1] if running else 'nothing runs'}"
