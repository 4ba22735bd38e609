"""The record: a stream, capped by age and by count. What scripts decide they add to it themselves: see prelude.lua."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, fields
from datetime import UTC, datetime

import structlog

from bot.core.model.audit_entry import AuditEntry
from bot.store.due_sets import microseconds
from bot.store.scripts import Scripts

log = structlog.get_logger("audit")

PAGE = 500
NAMES = frozenset(field.name for field in fields(AuditEntry)) - {"at"}


class Audit:
    """Implements the flows' `Audit` port. Keeps `most` entries, none older than `days` days (both roughly, never fewer)."""

    def __init__(self, scripts: Scripts, *, most: int, days: float) -> None:
        self._scripts = scripts
        self._most = most
        self._age_us = microseconds(days * 86_400)

    async def add_entry(self, entry: AuditEntry) -> None:
        """Add an entry, here and as a line of the log. Raises StoreUnavailable; the line is written all the same."""
        told = {name: value for name, value in asdict(entry).items() if name != "at" and value not in {"", None}}
        log.info("audit", **{f"audit_{name}" if name == "event" else name: value for name, value in told.items()})
        pairs = [str(part) for pair in told.items() for part in pair]
        await self._scripts.run("record", self._most, self._age_us, *pairs)

    async def now(self) -> datetime:
        """The time on the clock that dates the entries, Redis' own. Raises StoreUnavailable."""
        seconds, microseconds = await self._scripts.ask(self._scripts.redis.time())
        return datetime.fromtimestamp(seconds + microseconds / 1_000_000, UTC)

    async def newest_entries(self) -> AsyncIterator[AuditEntry]:
        """Every entry, the newest first. Raises StoreUnavailable."""
        last = "+"
        while True:
            rows = await self._read("xrevrange", last, "-")
            for name, record in rows:
                yield _entry(name, record)
            if len(rows) < PAGE:
                return
            last = f"({rows[-1][0]}"

    async def oldest(self, since: datetime | None = None) -> AsyncIterator[AuditEntry]:
        """Every entry from a moment on, the oldest first. Raises StoreUnavailable."""
        first = str(round(since.timestamp() * 1000)) if since else "-"
        while True:
            rows = await self._read("xrange", first, "+")
            for name, record in rows:
                yield _entry(name, record)
            if len(rows) < PAGE:
                return
            first = f"({rows[-1][0]}"

    async def _read(self, how: str, begin: str, end: str) -> list[tuple[str, dict[str, str]]]:
        redis, key = self._scripts.redis, self._scripts.key("audit")
        call = redis.xrevrange(key, begin, end, PAGE) if how == "xrevrange" else redis.xrange(key, begin, end, PAGE)
        rows: list[tuple[str, dict[str, str]]] = await self._scripts.ask(call)
        return rows


def _entry(name: str, record: dict[str, str]) -> AuditEntry:
    """An entry from its record. A field of another version is left out."""
    known = {field: value for field, value in record.items() if field in NAMES and field != "run"}
    run = record.get("run", "")
    at = datetime.fromtimestamp(int(name.partition("-")[0]) / 1000, UTC)
    number = int(run) if run.isascii() and run.isdecimal() else None
    return AuditEntry(**({"event": ""} | known), run=number, at=at)
