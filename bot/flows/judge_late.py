"""Judging whether schedules are late: their newest runs are read once a slot's grace period is over.

`bot.core.watching.late` decides when a schedule counts as late, and the wording is in `bot.core.views.notice`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from bot.core.model.bolt import RunSummary
from bot.core.model.errors import BoltError
from bot.core.model.notice import Lateness, Notice, NoticeChange
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.slots import LateBoard, Slots, StoredBoard, StoredSlots
from bot.core.model.watch import Watch
from bot.core.watching.late import BLIND_AFTER, EARLY, OPEN_AGAIN_S, Judged, is_count_only, judge, on_board
from bot.flows.bolt_away import give_back_while_away
from bot.flows.discover_runs import PAGE
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import Discovery, Judgment, LateSchedules, Watches
from bot.flows.watch_permissions import WatchPermissions

log = structlog.get_logger()

PAGES_MOST = 5


class LateJudge:
    """Judges many schedules with one request."""

    def __init__(
        self,
        bolt: Bolt,
        watches: Watches,
        discovery: Discovery,
        late: LateSchedules,
        due: Due,
        permissions: WatchPermissions,
    ) -> None:
        self._bolt = bolt
        self._watches = watches
        self._discovery = discovery
        self._late = late
        self._due = due
        self._permissions = permissions
        self._covers = CoverCache()

    async def judge_schedules(self, lease: Lease) -> bool:
        """Judge the claimed schedules. Returns whether anything was reported."""
        at, slugs = self._bolt.time(), list(lease.members)
        listed_at, watches = await self._discovery.listed_at(), await self._watches.all_watches()
        if watches and (listed_at is None or at - listed_at > BLIND_AFTER):
            # Whether a schedule is late can't be known now. The next listing shows what is left to judge.
            await self._due.give_back(lease, delay_s=OPEN_AGAIN_S)
            return False
        slots, boards = await self._late.load_slots(slugs), await self._late.late_boards()
        records = await self._discovery.load_schedules(slugs)
        try:
            # Without any watch, no runs are listed, and no schedule counts as late anymore.
            pages = await self._pages(slugs, slots) if watches else {}
        except BoltError as away:
            await give_back_while_away(self._due, lease, away)
            return False
        covers = self._covers.of(watches)
        schedules: dict[str, tuple[StoredSlots, Slots, float | None]] = {}
        changed: dict[str, list[Lateness]] = {}
        teams = {watch.channel: watch.team for watch in watches}
        for slug in slugs:
            before = slots.get(slug, StoredSlots())
            page, record = pages.get(slug), records.get(slug)
            deciding = (await self._permissions.deciding(covers, record.schedule))[0] if record else {}
            schedule = record.schedule if record else WatchedSchedule(slug, slug)
            judged = _judge(schedule, before.slots, page, deciding, boards, at)
            schedules[slug] = (before, judged.slots, judged.again_s)
            for channel, lateness in judged.changed.items():
                changed.setdefault(channel, []).append(lateness)
        judgment = await self._judgment(schedules, changed, boards, teams, at)
        if not await self._late.judged(lease, judgment):
            await self._due.give_back(lease, delay_s=0)
            return False
        for change in judgment.notices:
            log.info("schedules are late", channel=change.after.channel, notice=change.after.name)
        return bool(judgment.notices)

    async def _pages(
        self, slugs: Sequence[str], slots: Mapping[str, StoredSlots]
    ) -> dict[str, Sequence[RunSummary] | BoltError]:
        """The newest runs of each schedule, back to its oldest slot."""
        pages: dict[str, Sequence[RunSummary] | BoltError] = dict(await self._bolt.newest_runs(slugs))
        for slug, stored in slots.items():
            page = pages.get(slug)
            if isinstance(page, BoltError) or page is None or not stored.slots.passed:
                continue
            listed, last = list(page), page
            oldest = min(stored.slots.passed) - EARLY.total_seconds()
            while len(last) >= PAGE and len(listed) < PAGE * PAGES_MOST and not _reaches(last, oldest):
                last = await self._bolt.runs(slug, PAGE, len(listed))
                listed += last
            pages[slug] = listed
        return pages

    async def _judgment(
        self,
        schedules: Mapping[str, tuple[StoredSlots, Slots, float | None]],
        changed: Mapping[str, Sequence[Lateness]],
        boards: Mapping[str, StoredBoard],
        teams: Mapping[str, str],
        at: datetime,
    ) -> Judgment:
        after: dict[str, tuple[StoredBoard, LateBoard]] = {}
        news: list[Notice] = []
        known: dict[str, Notice] = {}
        for channel, latenesses in changed.items():
            stored = boards.get(channel, StoredBoard())
            known |= {one.key: one for one in stored.board.notices}
            board, notices = on_board(stored.board, channel, teams.get(channel, ""), latenesses, at)
            after[channel] = (stored, board)
            news += notices
        records = await self._late.load_notices([(one.channel, one.name) for one in news])
        changes = [
            NoticeChange(
                one,
                stored_notice.rev if stored_notice else 0,
                urgent=one.key not in known or not is_count_only(known[one.key], one),
            )
            for one, stored_notice in zip(news, records, strict=True)
        ]
        return Judgment(schedules, after, changes)


def _judge(
    schedule: WatchedSchedule,
    slots: Slots,
    page: Sequence[RunSummary] | BoltError | None,
    deciding: Mapping[str, Watch],
    boards: Mapping[str, StoredBoard],
    at: datetime,
) -> Judged:
    """Judge a schedule by its runs. If they couldn't be read, it's judged again later, if it's still watched."""
    known = dict(_open_of(schedule.slug, boards))
    if page is None or isinstance(page, BoltError):
        return Judged({}, slots, OPEN_AGAIN_S) if deciding else judge(schedule, Slots(), (), {}, known, at)
    return judge(schedule, slots, page, deciding, known, at)


def _open_of(slug: str, boards: Mapping[str, StoredBoard]) -> Iterable[tuple[str, Lateness]]:
    for channel, stored in boards.items():
        for notice in stored.board.notices:
            for late in notice.late:
                if late.schedule == slug and late.is_open:
                    yield channel, late


def _reaches(page: Sequence[RunSummary], since: float) -> bool:
    return any(run.started_at is not None and run.started_at.timestamp() < since for run in page)
