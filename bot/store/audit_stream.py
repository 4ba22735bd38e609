"""The audit log: a Redis stream, capped by age and count (`BOLT_BOT_AUDIT_DAYS`, `BOLT_BOT_AUDIT_ENTRIES`).

Scripts add their own entries: see shared/audit.lua. `bot.flows.authorize` records decisions.
`bot.core.model.audit_entry` has the fields of an entry.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Literal

import structlog

from bot.core.model.audit_entry import AuditEntry
from bot.store.due_sets import microseconds
from bot.store.scripts import Scripts

log = structlog.get_logger("audit")

PAGE = 500
NAMES = frozenset(field.name for field in fields(AuditEntry)) - {"at"}


class Audit:
    """Implements the flows' `Audit` port.

    Keeps `most` entries for up to `days` days (both approximate, never fewer).
    """

    def __init__(self, scripts: Scripts, *, most: int, days: float) -> None:
        self._scripts = scripts
        self._most = most
        self._age_us = microseconds(days * 86_400)

    async def add_entry(self, entry: AuditEntry) -> None:
        """Add an entry, and log it as a line. Raises StoreUnavailable; the line is logged even then."""
        told = _told(entry)
        log.info("audit", **{f"audit_{name}" if name == "event" else name: value for name, value in told.items()})
        await self._scripts.run("add_audit_entry", self._most, self._age_us, *entry_fields(entry))

    async def now(self) -> datetime:
        """Return the time on Redis' clock, which dates the entries. Raises StoreUnavailable."""
        seconds, microseconds = await self._scripts.ask(self._scripts.redis.time())
        return datetime.fromtimestamp(seconds + microseconds / 1_000_000, UTC)

    async def newest_entries(self) -> AsyncIterator[AuditEntry]:
        """Iterate over all entries, newest first. Raises StoreUnavailable."""
        async for entry in self._entries("xrevrange", "+", "-"):
            yield entry

    async def oldest(self, since: datetime | None = None) -> AsyncIterator[AuditEntry]:
        """Iterate over the entries since a given time, oldest first. Raises StoreUnavailable."""
        first = str(round(since.timestamp() * 1000)) if since else "-"
        async for entry in self._entries("xrange", first, "+"):
            yield entry

    async def _entries(self, how: Literal["xrange", "xrevrange"], first: str, last: str) -> AsyncIterator[AuditEntry]:
        redis, key = self._scripts.redis, self._scripts.key("audit")
        read = redis.xrevrange if how == "xrevrange" else redis.xrange
        while True:
            rows: list[tuple[str, dict[str, str]]] = await self._scripts.ask(read(key, first, last, PAGE))
            for name, record in rows:
                yield _entry(name, record)
            if len(rows) < PAGE:
                return
            first = f"({rows[-1][0]}"


def entry_fields(entry: AuditEntry) -> list[str]:
    """List an entry's fields, each followed by its value, for a script that records it."""
    return [str(part) for pair in _told(entry).items() for part in pair]


def _told(entry: AuditEntry) -> dict[str, object]:
    return {name: value for name, value in asdict(entry).items() if name != "at" and value not in {"", None}}


def _entry(name: str, record: dict[str, str]) -> AuditEntry:
    """Build an entry from its record. Fields from another version are ignored."""
    known = {field: value for field, value in record.items() if field in NAMES and field != "run"}
    run = record.get("run", "")
    at = datetime.fromtimestamp(int(name.partition("-")[0]) / 1000, UTC)
    number = int(run) if run.isascii() and run.isdecimal() else None
    return AuditEntry(**({"event": ""} | known), run=number, at=at)
