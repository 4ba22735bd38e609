"""A webhook says that something has happened to a run: it is polled now. Nothing else in a hint is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot.core.model.errors import BoltError, StoreUnavailable
from bot.core.model.run import RunKey
from bot.core.model.webhook_payload import WebhookHint
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs

log = structlog.get_logger()

# A run is polled for hints once in this time at most, whatever number of them comes.
GAP_S = 1.0
LOOKUPS_MOST = 20


class WebhookHints:
    """Takes hints. `woken` wakes the worker that polls."""

    def __init__(
        self, bolt: Bolt, runs: Runs, *, workspace: str, woken: Callable[[], None], gap_s: float = GAP_S
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._workspace = workspace
        self._woken = woken
        self._gap_s = gap_s
        self._lookups: dict[int, asyncio.Task[None]] = {}

    async def take_hint(self, hint: WebhookHint) -> None:
        """Make the runs due now. A run that is not followed is not followed for a hint. Raises StoreUnavailable."""
        if hint.runs:
            await self._due(*hint.runs)
        elif hint.command is not None:
            known = self._bolt.known_run_of(hint.command)
            if known is not None:
                await self._due(known)
            else:
                self._look_up(hint.command)

    async def close(self) -> None:
        """Break off what is being looked up: a hint may be lost, the next poll comes all the same."""
        lookups = list(self._lookups.values())
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    async def _due(self, *run_ids: int) -> None:
        keys = [RunKey(self._workspace, run_id) for run_id in run_ids]
        if await self._runs.make_due_now(keys, gap_s=self._gap_s):
            self._woken()

    def _look_up(self, command_id: int) -> None:
        """Ask Bolt which run a command is of, after the hint's sender has its answer; the same question once at a time."""
        if command_id in self._lookups:
            return
        if len(self._lookups) >= LOOKUPS_MOST:
            log.info("more webhook hints than can be looked up; their runs are polled as usual", command=command_id)
            return
        lookup = asyncio.create_task(self._find(command_id), name=f"hint {command_id}")
        self._lookups[command_id] = lookup
        lookup.add_done_callback(lambda _: self._lookups.pop(command_id, None))

    async def _find(self, command_id: int) -> None:
        try:
            run_id = await self._bolt.run_of_command(command_id)
            if run_id is not None:
                await self._due(run_id)
        except (BoltError, StoreUnavailable) as error:
            log.info("a webhook hint couldn't be used; its run is polled as usual", command=command_id, why=str(error))
