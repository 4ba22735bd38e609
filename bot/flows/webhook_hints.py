"""Webhook hints: a webhook reports that something happened to a run. Nothing else in the webhook is trusted.

If there's a record of the run, it's polled at once. Otherwise, it may belong to a watched schedule, so schedules are
listed at once.

`bot.web.webhooks` checks the secret, and `bot.core.model.webhook_payload` reads the ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot.core.model.errors import BoltError, StoreUnavailable
from bot.core.model.run import RunKey
from bot.core.model.webhook_payload import WebhookHint
from bot.flows.finish_tasks import cancel_until_done
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs
from bot.flows.ports.watch_store import DiscoveryHints

log = structlog.get_logger()

# Hints poll a run at most once in this time, however many arrive.
GAP_S = 1.0
LOOKUPS_MOST = 20


class WebhookHints:
    """Takes hints. `woken` wakes the polling worker, and `listing_woken` wakes the one that lists schedules."""

    def __init__(
        self,
        bolt: Bolt,
        runs: Runs,
        listings: DiscoveryHints,
        *,
        workspace: str,
        woken: Callable[[], None],
        listing_woken: Callable[[], None],
        gap_s: float = GAP_S,
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._listings = listings
        self._workspace = workspace
        self._woken = woken
        self._listing_woken = listing_woken
        self._gap_s = gap_s
        self._lookups: dict[int, asyncio.Task[None]] = {}

    async def take_hint(self, hint: WebhookHint) -> None:
        """Make the runs, or the listing that may show them, due now. Raises StoreUnavailable.

        Hints don't add runs that aren't already followed.
        """
        if hint.runs:
            await self._due(*hint.runs)
        elif hint.command is not None:
            known = self._bolt.known_run_of(hint.command)
            if known is not None:
                await self._due(known)
            else:
                self._look_up(hint.command)

    async def close(self) -> None:
        """Cancel lookups in progress: hints may be lost, because the next poll comes anyway."""
        await cancel_until_done(list(self._lookups.values()))

    async def _due(self, *run_ids: int) -> None:
        keys = [RunKey(self._workspace, run_id) for run_id in run_ids]
        if await self._runs.make_due_now(keys, gap_s=self._gap_s):
            self._woken()
        if await self._listings.ask_for_listing(keys):
            self._listing_woken()

    def _look_up(self, command_id: int) -> None:
        """Look up the run of a command in the background, with only one lookup of a command at a time."""
        if command_id in self._lookups:
            return
        if len(self._lookups) >= LOOKUPS_MOST:
            log.info(
                "too many webhook hints at once; this hint's run will be polled as usual",
                command=command_id,
            )
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
            log.info(
                "a webhook hint couldn't be used; its run will be polled as usual", command=command_id, why=str(error)
            )
