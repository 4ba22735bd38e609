"""Handling a start whose schedule is already running: it's queued again, or it's refused.

`bot.core.views.already_running` has the wording of the refusal. A button on it queues the start
(`bot.flows.start_queue`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.errors import BoltError
from bot.core.model.request import BlockingRun, Request, blocking_run_facts, blocking_run_of
from bot.core.model.run import RunFacts, RunKey, is_final
from bot.core.views.already_running import why_running
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.run_listings import LISTED
from bot.flows.run_stores import RunStores

# How often a queued start may be overtaken, and how soon it checks again if the overtaking run isn't known.
MOST_ROUNDS = 5
OVERTAKEN_AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class RunningRefusal:
    """Why a start is refused. `running` is the run that blocks it, or None if Bolt doesn't list it."""

    why: str
    running: BlockingRun | None


class StartWhileRunning:
    """Handles Bolt's answer that the schedule of a start is already running."""

    def __init__(self, bolt: Bolt, stores: RunStores, *, workspace: str) -> None:
        self._bolt = bolt
        self._stores = stores
        self._workspace = workspace

    async def queue_again(self, lease: Lease, request: Request) -> RunningRefusal | None:
        """Requeue a start that was overtaken after it waited in the queue, or return why the start is refused."""
        running = await self._active_run(request)
        if request.queued_at is None or request.rounds >= MOST_ROUNDS:
            return RunningRefusal(why_running(request, running), running)
        behind = RunKey(self._workspace, running.run_id) if running else None
        facts = blocking_run_facts(running, request.plan) if running else RunFacts()
        # If the listing shows no active run, Bolt is late in listing it, or in releasing the ended one.
        pause_s = 0 if running else OVERTAKEN_AGAIN_S
        await self._stores.start_queue.requeue(lease, request, behind, facts, delay_s=pause_s)
        await self._stores.requests.unlock(request)
        return None

    async def _active_run(self, request: Request) -> BlockingRun | None:
        slug = request.plan.slug if request.plan else ""
        try:
            listed = await self._bolt.runs(slug, LISTED) if slug else []
        except BoltError:
            return None
        return next((blocking_run_of(run) for run in listed if not is_final(run.state)), None)
