"""`bolt-bot audit export`: print the audit log as JSON Lines, oldest entry first."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict

from bot.cli.open_redis import open_redis
from bot.core.commands.since import parse_since
from bot.core.model.audit_entry import AuditEntry
from bot.core.redact.masker import Masker
from bot.settings import Settings
from bot.store.audit_stream import Audit
from bot.store.scripts import Scripts

DAY_S = 86_400


async def lines(settings: Settings, since: str | None) -> AsyncIterator[str]:
    """Iterate over the entries as lines, from `since` on. Raises StoreUnavailable and StoreUnfit.

    `since` is parsed by `bot.core.commands.since.parse_since`, relative to Redis' clock.
    """
    mask = Masker(settings.secrets(), settings.patterns()).mask
    async with open_redis(settings) as redis:
        scripts = Scripts(redis, settings.bolt_bot_name, retention_s=round(settings.bolt_bot_retention_days * DAY_S))
        audit = Audit(scripts, most=settings.bolt_bot_audit_entries, days=settings.bolt_bot_audit_days)
        first = parse_since(since, await audit.now()) if since else None
        async for entry in audit.oldest(first):
            yield line(entry, mask)


def line(entry: AuditEntry, mask: Callable[[str], str]) -> str:
    """Format an entry as one line of JSON, masked, without empty fields, with the time in UTC."""
    told = {name: value for name, value in asdict(entry).items() if value not in {"", None}}
    if entry.at is not None:
        told["at"] = entry.at.isoformat(timespec="milliseconds")
    masked = {name: mask(value) if isinstance(value, str) else value for name, value in told.items()}
    return json.dumps(masked, ensure_ascii=False)
