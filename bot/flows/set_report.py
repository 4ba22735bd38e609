"""A channel's digest: setting it, switching it off, and showing what it would be now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.core.model.asker import Asker
from bot.core.model.command import DigestCommand
from bot.core.model.report import Report
from bot.core.text.message import Message
from bot.core.views.report import report_off, report_set, report_shown
from bot.core.watching.report_time import last_slot, next_slot
from bot.flows.own_channel import why_cannot_post, why_not_here
from bot.flows.ports.slack import Chat, People
from bot.flows.ports.watch_store import Reports
from bot.flows.read_report import ReportReader

log = structlog.get_logger()


class ReportSetter:
    """Answers `digest`. All methods raise StoreUnavailable."""

    def __init__(
        self,
        reports: Reports,
        reader: ReportReader,
        people: People,
        chat: Chat,
        *,
        command: str,
        now: Callable[[], datetime],
    ) -> None:
        self._reports = reports
        self._reader = reader
        self._people = people
        self._chat = chat
        self._command = command
        self._now = now

    async def answer(self, asker: Asker, command: DigestCommand) -> Message:
        """Do what the command says."""
        if command.every is None:
            return await self._show(asker.channel)
        if command.every == "off":
            was_set = await self._reports.remove_report(asker.channel)
            log.info("a digest was turned off", channel=asker.channel, user=asker.user)
            return report_off(was_set=was_set)
        return await self._set(asker, command)

    async def _show(self, channel: str) -> Message:
        report, now = await self._reports.load_report(channel), self._now()
        begin = last_slot(report, now).at if report else now - timedelta(days=1)
        today = await self._reader.read_report(channel, report, begin, now, so_far=True)
        watches = await self._reader.is_watching(channel)
        return report_shown(report, today, self._command, watches=watches)

    async def _set(self, asker: Asker, command: DigestCommand) -> Message:
        why_not = await why_not_here(self._chat, asker)
        if why_not is not None:
            return Message((why_not,))
        now = self._now()
        zone = command.time_zone or (await self._people.person(asker.user)).time_zone or "UTC"
        report = Report(asker.channel, asker.team, command.clock, zone, asker.user, now, command.weekday)
        was_set = await self._reports.set_report(report, next_slot(report, now).at)
        log.info("a digest is set", channel=report.channel, user=asker.user, at=report.clock, zone=zone)
        return report_set(
            report,
            "changed" if was_set else "new",
            await why_cannot_post(self._chat, await self._people.channel(asker.channel)),
            self._command,
            watches=await self._reader.is_watching(asker.channel),
        )
