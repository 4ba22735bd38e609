"""The watches file: applied at startup, and again if Redis loses the watches while the bot runs.

`bot.core.watching.file_plan` decides which watches are added, changed or stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from bot.core.model.audit_entry import AuditEntry, Event
from bot.core.model.command import UnwatchCommand, canonical
from bot.core.model.current import Current
from bot.core.model.errors import StoreUnavailable
from bot.core.model.watch import Watch
from bot.core.policy.rules import Action
from bot.core.views.store_unavailable import cause
from bot.core.watching.file_plan import AppliedPlan, FilePlan, plan_file
from bot.core.watching.watch_of_command import WatchPlace, subject, watch_of_command
from bot.core.watching.watches_file import FileWatch
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.ports.store import Audit
from bot.flows.ports.watch_store import WatchRecords

log = structlog.get_logger()

LOOK_S = 30.0
AGAIN_S = 2.0
TRIES = 20
# The audit log names this as the reason for the decision, instead of a rule of the policy.
DECIDED_BY = "the watches file"


class WatchKeeper:
    """Applies the watches file to the watches on record.

    `lost` is called by the one process that finds the records lost. `report_fault` logs an unexpected error.
    """

    def __init__(
        self,
        file_watches: Current[Sequence[FileWatch]],
        records: WatchRecords,
        closer: IncidentCloser,
        audit: Audit,
        *,
        team: str,
        now: Callable[[], datetime],
        lost: Callable[[], None],
        report_fault: Callable[[str, BaseException], str],
    ) -> None:
        self._file_watches = file_watches
        self._replaced = asyncio.Event()
        file_watches.when_replaced(self._replaced.set)
        self._records = records
        self._closer = closer
        self._audit = audit
        self._team = team
        self._now = now
        self._lost = lost
        self._report_fault = report_fault

    async def run(self) -> None:
        """Apply the file now and whenever it's replaced, and check regularly whether Redis still has the watches.

        Runs until cancelled.
        """
        has_begun = False
        while True:
            has_begun = has_begun and not self._replaced.is_set()
            self._replaced.clear()
            try:
                await (self.check() if has_begun else self.begin())
                has_begun = True
            except StoreUnavailable as error:
                log.info("the watches can't be checked now", why=cause(error))
            except Exception as error:  # noqa: BLE001 - logs any error and tries again
                self._report_fault("keeping watches", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if has_begun else AGAIN_S):
                    await self._replaced.wait()

    async def begin(self) -> None:
        """Apply the file at startup. Without a record of an earlier startup, all watches in it count as new.

        Raises StoreUnavailable.
        """
        if await self._apply() and self._file_watches.value:
            self._say_lost()

    async def check(self) -> None:
        """Start afresh if Redis has lost the watches. Raises StoreUnavailable."""
        if not await self._records.is_marked() and await self._apply():
            self._say_lost()

    async def _apply(self) -> bool:
        """Make the watches on record match the file. Returns whether there was no record of an earlier start."""
        for _ in range(TRIES):
            rev, known = await self._records.read_watches()
            file = self._file_watches.value
            watches = self._watches(file)
            plan = plan_file(watches, known)
            applied = await self._records.apply_plan(rev, plan)
            if applied is not None:
                await self._note(plan, applied, dict(zip(map(subject, watches), file, strict=True)))
                return applied.is_new
        log.error(
            "the watches file couldn't be applied, because watches kept changing; it will be applied at the next start"
        )
        return False

    def _watches(self, file: Sequence[FileWatch]) -> list[Watch]:
        at = self._now()
        return [
            watch_of_command(one.command, one.command.pattern_text, WatchPlace(self._team, one.channel, at))
            for one in file
        ]

    async def _note(
        self, plan: FilePlan, applied: AppliedPlan, file: Mapping[tuple[str, str, str | None, str | None], FileWatch]
    ) -> None:
        """Log and record what was changed, and close the incidents that no watch covers anymore."""
        added = [one for one, number in zip(plan.add, applied.numbers, strict=True) if number]
        for one, number in zip(plan.add, applied.numbers, strict=True):
            if not number:
                log.error("there's no room for a watch from the watches file", channel=one.channel, pattern=one.pattern)
        if plan.add or plan.change or plan.stop:
            log.info("applied the watches file", added=len(added), changed=len(plan.change), stopped=len(plan.stop))
        for one in (*added, *plan.change):
            await self._record(one, canonical(file[subject(one)].command))
        for one in plan.stop:
            await self._record(one, f"{canonical(UnwatchCommand(str(one.number)))} ({one.pattern})")
        if plan.stop:
            _, watches = await self._records.read_watches()
            for channel in sorted({one.channel for one in plan.stop}):
                await self._closer.close_uncovered(channel, watches)

    async def _record(self, watch: Watch, text: str) -> None:
        await self._audit.add_entry(
            AuditEntry(
                Event.ASKED,
                team=watch.team,
                channel=watch.channel,
                action=Action.WATCH,
                text=text,
                schedule=watch.pattern if watch.is_exact else "",
                decision="allow",
                rule=DECIDED_BY,
            )
        )

    def _say_lost(self) -> None:
        self._lost()
        log.warning(
            "Redis has no record of watches: those from the watches file start over, and any made in Slack are gone",
            watches=len(self._file_watches.value),
        )
