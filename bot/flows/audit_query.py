"""Searching the audit log for its newest matching entries, within bounds.

`bot.store.audit_stream` decides how long entries are kept.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.core.commands.since import parse_since
from bot.core.model.audit_entry import AuditEntry, AuditFilter
from bot.core.model.command import AuditCommand
from bot.core.model.errors import StoreUnavailable
from bot.core.text.message import Message
from bot.core.views.audit_list import SHOWN, audit_list
from bot.core.views.store_unavailable import database
from bot.flows.ports.store import Audit

SEARCHED_MOST = 20_000
SEARCH_S = 5.0


class AuditQuery:
    """Answers `audit`."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def answer_audit(self, command: AuditCommand) -> Message:
        """List the newest matching entries, newest first."""
        found: list[AuditEntry] = []
        searched, more = 0, False
        audit_filter = AuditFilter(command.user or "", command.schedule_text or "")
        try:
            async with asyncio.timeout(SEARCH_S):
                moment = parse_since(command.since, await self._audit.now()) if command.since else None
                audit_filter = replace(audit_filter, since=moment)
                async for entry in self._audit.newest_entries():
                    if moment and entry.at and entry.at < moment:
                        break
                    if len(found) == SHOWN or searched == SEARCHED_MOST:
                        more = True
                        break
                    searched += 1
                    if audit_filter.matches(entry):
                        found.append(entry)
        except StoreUnavailable as away:
            return Message((f"{database(away)} The audit log can't be read right now. Try again in a minute.",))
        except TimeoutError:
            more = True
        return audit_list(tuple(found), audit_filter, searched=searched, more=more)
