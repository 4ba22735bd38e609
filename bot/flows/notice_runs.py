"""Lines about ended runs: which notices an end creates or changes in a channel when it's accounted for.

`bot.core.watching.run_lines` decides which runs get a line, and the wording is in `bot.core.views.notice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.model.discovery import ScheduleRecord
from bot.core.model.notice import NoticeChange, NoticeRecord
from bot.core.model.run import CardRef
from bot.core.model.run_end import RunEnd
from bot.core.model.watch import Watch
from bot.core.watching.discovery import was_accounted
from bot.core.watching.run_lines import is_busy, lines_at_end, names_at_end, starts_of
from bot.flows.ports.watch_store import NoticePosts


class RunNotices:
    """Works out the notices about the ends of a schedule's runs."""

    def __init__(self, notices: NoticePosts) -> None:
        self._notices = notices

    async def at_end(
        self,
        record: ScheduleRecord,
        ends: Sequence[RunEnd],
        deciding: Mapping[str, Watch],
        cards: Mapping[int, Mapping[str, CardRef]],
        at: datetime,
    ) -> list[NoticeChange]:
        """The notices that new ends create or change, in all channels. A run with a card needs no notice."""
        new = [end for end in ends if not was_accounted(record.ledger, end)]
        told = [watch for watch in deciding.values() if _tells_runs(watch)]
        busy = is_busy(starts_of(record.ledger, new), at)
        changes = []
        for watch in told:
            known = await self._known(watch.channel, new, record.schedule.slug)
            for end in new:
                if watch.channel in cards[end.run] or (end.ended_at is not None and end.ended_at <= watch.since):
                    continue
                for change in lines_at_end(end, watch, record, known, busy=busy, at=at):
                    changes.append(change)
                    known[change.after.name] = NoticeRecord(change.after, change.rev)
        # The last change of each notice includes the earlier ones.
        return list({change.after.key: change for change in changes}.values())

    async def _known(self, channel: str, ends: Sequence[RunEnd], schedule: str) -> dict[str, NoticeRecord]:
        names = list(dict.fromkeys(name for end in ends for name in names_at_end(end, schedule)))
        found = await self._notices.load_notices([(channel, name) for name in names])
        return {name: stored for name, stored in zip(names, found, strict=True) if stored is not None}


def _tells_runs(watch: Watch) -> bool:
    return watch.only != "failures" or watch.pull_requests or watch.slow is not None
