"""Reading a run to follow: its state, and facts from its schedule and the newest runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.core.model.bolt import RunStatus, RunSummary, Schedule
from bot.core.model.errors import BoltError
from bot.core.model.follow_request import FollowRequest
from bot.core.model.request import pull_request_of
from bot.core.model.run import Observation, RunFacts, is_final, observe
from bot.core.runs.progress import ran_others
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs
from bot.flows.run_listings import RunListings
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.flows.usual_duration import usual_s


@dataclass(frozen=True, slots=True)
class FollowedRun:
    """A run as Bolt returns it. If it has ended, its facts are those already known."""

    seen: Observation
    facts: RunFacts


class FollowedRunReader:
    """Reads runs that people want to follow. `mask` masks command texts."""

    def __init__(
        self, bolt: Bolt, runs: Runs, catalog: ScheduleCatalog, listings: RunListings, *, mask: Callable[[str], str]
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._catalog = catalog
        self._listings = listings
        self._mask = mask

    async def read_followed_run(self, request: FollowRequest) -> FollowedRun:
        """Read the run of a request. Raises BoltError if Bolt doesn't return its state."""
        status = await self._bolt.status(request.key.id)
        facts = request.facts if is_final(status.state) else await self._facts(request, status)
        return FollowedRun(observe(status, self._mask), facts)

    async def _facts(self, request: FollowRequest, status: RunStatus) -> RunFacts:
        """Read the run's facts from the listing. Facts from the button are used only if Bolt returns none."""
        run = await self._runs.load_run(request.key)
        known = run.facts if run and run.facts.slug else replace(request.facts, asked_by=None, followed_by=None)
        if not known.slug:
            return known
        try:
            listed = await self._listings.newest_runs(known.slug)
            usual = await usual_s(self._runs, request.key.workspace, listed)
            found = await self._catalog.find_schedule(known.slug)
        except BoltError:
            return known
        schedule = found if isinstance(found, Schedule) and found.slug == known.slug else None
        return _told(replace(known, usual_s=usual), status, request.key.id, listed, schedule)


def _told(
    known: RunFacts, status: RunStatus, run_id: int, listed: Sequence[RunSummary], schedule: Schedule | None
) -> RunFacts:
    facts = known
    if schedule is not None:
        facts = replace(facts, name=schedule.name, commands=schedule.commands)
        if ran_others(status.commands, schedule.commands):
            facts = replace(facts, commands=(), usual_s=None)
    one = next((run for run in listed if run.id == run_id), None)
    if one is None:
        return facts
    return replace(
        facts,
        branch=one.branch or facts.branch,
        pull_request=pull_request_of(one) or facts.pull_request,
        asked_at=one.started_at or facts.asked_at,
        parent_run=one.parent_run_id,
        # The schedule's usual duration says nothing about a retry.
        usual_s=None if one.parent_run_id else facts.usual_s,
        actor=one.actor_email or one.actor or facts.actor,
    )
