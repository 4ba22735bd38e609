"""Reading the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from bot.core.model.audit_entry import AuditEntry, Event
from bot.core.model.command import AuditCommand
from bot.flows.audit_query import AuditQuery

# Redis' clock may be far from this process's.
REDIS_NOW = datetime(2020, 3, 1, 12, 0, tzinfo=UTC)


class Dated:
    """An audit log with its own clock, and two entries: one is an hour old, the other three days."""

    async def add_entry(self, entry: AuditEntry) -> None:
        """Nothing is added here."""
        raise AssertionError(entry)

    async def now(self) -> datetime:
        """The clock that dates the entries."""
        return REDIS_NOW

    async def newest_entries(self) -> AsyncIterator[AuditEntry]:
        """Yield two entries."""
        for hours, schedule in ((1, "recent"), (72, "older")):
            yield AuditEntry(Event.STARTED, schedule=schedule, run=5, at=REDIS_NOW - timedelta(hours=hours))


async def test_how_long_ago_goes_by_the_clock_of_the_entries() -> None:
    """`--since 2h` means the last two hours by Redis' clock, whatever this process's clock says."""
    told = str(await AuditQuery(Dated()).answer_audit(AuditCommand(since="2h")))
    assert "recent" in told
    assert "older" not in told
