"""Planning a start: its facts, and the newest run so far.

A start can be planned only if its schedule exists, or its run can be retried.

`bot.core.views.card` decides which buttons offer a retry; `bot.flows.authorize` checks the policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core.model.bolt import RunStatus, RunSummary, Schedule
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.errors import BoltRejected
from bot.core.model.request import Origin, Request, StartPlan
from bot.core.model.run import Run, RunFacts, RunKey, is_failed, is_final, observe
from bot.core.runs.progress import ran
from bot.core.schedules.lookup import Missing
from bot.core.schedules.resolve_guess import OfferedCommand, starts_instead
from bot.core.views.schedule_not_found import not_found
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs
from bot.flows.run_listings import RunListings
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.flows.usual_duration import usual_s


class NotStartable(Exception):  # noqa: N818 - an answer, which never leaves the flows
    """Nothing can be started. `why` is the sentence for the person, and `near` has the slugs that may be meant."""

    def __init__(self, why: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.near = near


class StartPlanner:
    """Plans starts."""

    def __init__(
        self,
        bolt: Bolt,
        runs: Runs,
        catalog: ScheduleCatalog,
        listings: RunListings,
        *,
        workspace: str,
        mask: Callable[[str], str],
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._catalog = catalog
        self._listings = listings
        self._workspace = workspace
        self._mask = mask

    async def plan_start(self, request: Request, *, fresh: bool = False) -> StartPlan:
        """Plan a request's start. `fresh`: don't rely on lists that may be a minute old.

        Raises NotStartable and BoltError.
        """
        if fresh:
            self._catalog.forget()
        match request.start_command:
            case RunCommand(schedule_text=name):
                return await self._start(await self._schedule(name), fresh=fresh)
            case RetryCommand(every, run_id=int(run_id)):
                return await self._retry(request, run_id, every=every)
            case RetryCommand(every, schedule_text=name):
                schedule = await self._schedule(name or "")
                return await self._retry(request, await self._latest(schedule), every=every, schedule=schedule)

    def offers_instead(self, request: Request) -> tuple[OfferedCommand, ...]:
        """Offer alternatives for a start that was refused because no schedule has its name."""
        return starts_instead(request.start_command, self._catalog.last_list()[0]) if request.plan is None else ()

    async def _schedule(self, schedule_text: str) -> Schedule:
        found = await self._catalog.find_schedule(schedule_text)
        if isinstance(found, Schedule):
            return found
        near = tuple(one.slug for one in found.suggestions) if isinstance(found, Missing) else found.slugs
        raise NotStartable(not_found(schedule_text, found), near)

    # --- a run of a schedule ---

    async def _start(self, schedule: Schedule, *, fresh: bool) -> StartPlan:
        listed, usual = await self._listings.newest_with(schedule.slug, self._learn)
        listed_commands = () if fresh else schedule.commands
        commands = listed_commands or (await self._bolt.schedule(schedule.slug)).commands
        return StartPlan(
            slug=schedule.slug,
            name=schedule.name,
            mark=_newest(listed),
            commands=commands,
            branch=schedule.git_branch,
            usual_s=usual,
        )

    async def _learn(self, listed: list[RunSummary]) -> float | None:
        """Learn our API key's actor name and the usual duration from a schedule's newest runs."""
        await self._learn_actor(listed)
        return await usual_s(self._runs, self._workspace, listed)

    async def _learn_actor(self, listed: list[RunSummary]) -> None:
        """Learn the actor name from the newest run whose id Bolt returned to us.

        After a change of keys, that run has the new key's name.
        """
        ours = await self._runs.started_by_us(self._workspace, [run.id for run in listed])
        for run in listed:
            if run.id in ours and run.actor:
                await self._runs.learn_actor(self._workspace, run.actor)
                return

    # --- a retry ---

    async def _latest(self, schedule: Schedule) -> int:
        """The newest failed run of a schedule. Raises NotStartable if there is none."""
        listed = await self._listings.newest_runs(schedule.slug)
        for run in listed:
            if is_failed(run.state):
                return run.id
        why = f"has no failed runs among its newest {len(listed)}" if listed else "hasn't run yet"
        raise NotStartable(f"{schedule.name} {why}, so there's nothing to retry. Nothing was started.")

    async def _retry(
        self, request: Request, run_id: int, *, every: bool, schedule: Schedule | None = None
    ) -> StartPlan:
        status = await self._retriable(run_id, every=every)
        known = await self._runs.load_run(RunKey(self._workspace, run_id))
        facts, sure = _facts(known, request.origin, schedule)
        listed = await self._listed(facts.slug)
        parent = next((run for run in listed if run.id == run_id), None)
        if not sure and parent is None:
            facts, listed = replace(facts, slug="", name=""), []
        if known is None:
            await self._restore(request, run_id, facts, status)
        await self._learn_actor(listed)
        return StartPlan(
            slug=facts.slug,
            name=facts.name or facts.slug,
            mark=max(_newest(listed), run_id),
            commands=await self._commands(facts, status),
            branch=facts.branch or (parent.branch if parent else None),
            parent_run=run_id,
            pull_request=facts.pull_request or _number(parent.pull_request if parent else None),
            overridden=facts.overridden,
            continue_on_error=facts.continue_on_error,
        )

    async def _restore(self, request: Request, run_id: int, facts: RunFacts, status: RunStatus) -> None:
        """Restore a card's lost record, so that the card can show that its run was retried."""
        if request.origin is not None and request.origin.card is not None:
            key, seen = RunKey(self._workspace, run_id), observe(status, self._mask)
            await self._runs.restore_run(key, facts, seen, request.team, request.origin.card, over=True)

    async def _retriable(self, run_id: int, *, every: bool) -> RunStatus:
        """The run's state in Bolt. Raises NotStartable if there's nothing to retry."""
        try:
            status = await self._bolt.status(run_id)
        except BoltRejected as unknown:
            raise NotStartable(f"There's no run {run_id} in Bolt. Check the number. Nothing was started.") from unknown
        if not is_final(status.state):
            word = {"RUNNING": "still running", "STARTING": "still starting"}.get(status.state, status.state)
            raise NotStartable(
                f"Run {run_id} is {word}, so it can't be retried yet. Nothing was started. Try again when it has ended."
            )
        if status.state == "SUCCESS" and not every:
            again = f"Retry run {run_id} with --all to run all of it again."
            raise NotStartable(f"Run {run_id} succeeded, so nothing was started. {again}")
        return status

    async def _listed(self, slug: str) -> list[RunSummary]:
        """The newest runs of a schedule, or none if it's unknown or gone: its runs can still be retried."""
        if not slug:
            return []
        try:
            return await self._listings.newest_runs(slug)
        except BoltRejected:
            return []

    async def _commands(self, facts: RunFacts, status: RunStatus) -> tuple[str, ...]:
        """The commands that the run was started with, or the schedule's if they fit what the run has executed."""
        if facts.commands and (facts.asked_by is not None or ran(status.commands, facts.commands)):
            return facts.commands
        schedule = await self._catalog.find_schedule(facts.slug) if facts.slug else None
        if isinstance(schedule, Schedule) and ran(status.commands, schedule.commands):
            return schedule.commands
        return ()


def _facts(known: Run | None, origin: Origin | None, schedule: Schedule | None) -> tuple[RunFacts, bool]:
    """Return what is known about the run to retry, and whether its schedule is certain.

    The schedule isn't certain if it's known only from a button's value, which isn't trusted.
    """
    if known is not None and known.facts.slug:
        return known.facts, True
    if schedule is not None:
        return RunFacts(slug=schedule.slug, name=schedule.name), True
    return (origin.facts if origin else RunFacts()), False


def _newest(listed: list[RunSummary]) -> int:
    return max((run.id for run in listed), default=0)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() else None
