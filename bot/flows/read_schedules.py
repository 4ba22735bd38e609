"""Reading schedules and their runs for one person.

`bot.core.schedules.filter` decides which schedules a list shows, and `bot.core.schedules.lookup` decides how names are
compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from bot.core.commands.given import command_number
from bot.core.model.bolt import RunSummary, Schedule, ScheduleDetails
from bot.core.model.command import LatestRunCommand, ListCommand, RunsCommand, ShowCommand, StatusCommand
from bot.core.model.errors import BoltError
from bot.core.model.run import Run, is_final
from bot.core.schedules.filter import filter_schedules
from bot.core.text.message import Message
from bot.core.views.paging import page
from bot.core.views.run_list import listed_run, never_ran, run_list
from bot.core.views.schedule_list import schedule_list
from bot.core.views.schedule_page import schedule_page
from bot.flows.find_schedule import ScheduleFinder, unread
from bot.flows.ports.bolt import Bolt
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.flows.status import StatusReader
from bot.flows.watched_channels import WatchedChannels

log = structlog.get_logger()

RUNS_MOST = 100
PAST_RUNS = 30


class ScheduleReader:
    """Answers `list`, `show`, `runs`, and `status` of a schedule."""

    def __init__(
        self,
        bolt: Bolt,
        catalog: ScheduleCatalog,
        finder: ScheduleFinder,
        status: StatusReader,
        watched: WatchedChannels,
        *,
        workspace: str,
        app_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._bolt = bolt
        self._catalog = catalog
        self._finder = finder
        self._status = status
        self._watched = watched
        self._workspace = workspace
        self._app_url = app_url
        self._now = now

    async def list_schedules(self, command: ListCommand, number: int = 1, *, prefix: str) -> Message:
        """Show a page of the requested schedules. `prefix` is the text that commands begin with."""
        as_of = None
        try:
            fitting = await self._chosen(command)
        except BoltError as error:
            schedules, as_of = self._catalog.last_list()
            if command.inactive or as_of is None:
                return Message((unread(error),))
            fitting = filter_schedules(schedules, command)
        found = page(fitting, number)
        return schedule_list(found, command, self._now(), prefix=prefix, as_of=as_of)

    async def _chosen(self, command: ListCommand) -> list[Schedule]:
        """Filter the schedules. If none matches, the list is read again, in case one was added since.

        Raises BoltError.
        """
        if command.inactive:
            return filter_schedules(await self._bolt.schedules(inactive=True), command)
        return filter_schedules(await self._catalog.all_schedules(), command) or filter_schedules(
            await self._catalog.all_schedules(sure=True), command
        )

    async def show_schedule(self, command: ShowCommand) -> Message:
        """Show a schedule's details."""
        named = await self._finder.find_any(command.schedule_text, ShowCommand)
        if isinstance(named, Message):
            return named
        slug = named.schedule.slug
        details, runs = await asyncio.gather(self._details(slug), self._newest(slug))
        schedule = fresh(named.schedule, details) if details else named.schedule
        return schedule_page(
            schedule,
            runs,
            self._now(),
            app_url=self._app_url,
            active=named.active,
            watched_in=await self._watched.public_channels(schedule),
        )

    async def list_runs(self, command: RunsCommand, number: int = 1) -> Message:
        """Show a page of a schedule's newest runs."""
        named = await self._finder.find_any(command.schedule_text, RunsCommand)
        if isinstance(named, Message):
            return named
        try:
            runs = await self._bolt.runs(named.schedule.slug, RUNS_MOST)
        except BoltError as error:
            return Message((unread(error),))
        exact = RunsCommand(named.schedule.slug)
        return run_list(
            named.schedule,
            page(runs, number),
            exact,
            workspace=self._workspace,
            app_url=self._app_url,
            most=RUNS_MOST,
        )

    async def latest_run(self, schedule_text: str, *, channel: str = "") -> Message:
        """Show a schedule's latest run with its commands. An active one can be followed in the channel."""
        named = await self._finder.find_any(schedule_text, lambda slug: StatusCommand(schedule_text=slug))
        if isinstance(named, Message):
            return named
        found = await self._newest_run(named.schedule)
        return (
            found
            if isinstance(found, Message)
            else await self._status.run_status(found.key, found.facts, channel=channel)
        )

    async def newest_run(self, command: LatestRunCommand) -> tuple[Run, int | None] | Message:
        """The active run of a schedule, else its latest one, with a command number; or why there's no run.

        A number after an unquoted name may be part of the name, or a command number.
        """
        named = await self._finder.find_any(
            command.schedule_text or "", lambda slug: replace(command, schedule_text=slug)
        )
        number = command.number
        head, _, last = (command.schedule_text or "").rpartition(" ")
        if isinstance(named, Message) and command.verb == "logs" and head and (found := command_number(last)):
            numbered = await self._finder.find_any(
                head, lambda slug: replace(command, schedule_text=slug, number=found)
            )
            named, number = numbered, found
        if isinstance(named, Message):
            return named
        run = await self._newest_run(named.schedule)
        return run if isinstance(run, Message) else (run, number)

    async def _newest_run(self, schedule: Schedule) -> Run | Message:
        try:
            runs = await self._bolt.runs(schedule.slug, PAST_RUNS)
        except BoltError as error:
            return Message((unread(error),))
        if not runs:
            return never_ran(schedule)
        newest = next((one for one in runs if not is_final(one.state)), runs[0])
        return listed_run(schedule, newest, self._workspace)

    async def _details(self, slug: str) -> ScheduleDetails | None:
        """Read the fields that may have changed since the list was read. Returns None if Bolt doesn't return them."""
        try:
            return await self._bolt.schedule(slug)
        except BoltError as error:
            log.info(
                "a schedule's details couldn't be read; showing only what the list of schedules says",
                slug=slug,
                why=str(error),
            )
            return None

    async def _newest(self, slug: str) -> list[RunSummary] | None:
        try:
            return await self._bolt.runs(slug, PAST_RUNS)
        except BoltError as error:
            log.info("a schedule is shown without its runs", slug=slug, why=str(error))
            return None


def fresh(schedule: Schedule, details: ScheduleDetails) -> Schedule:
    """Update a listed schedule with its current details."""
    return replace(
        schedule,
        commands=details.commands or schedule.commands,
        owner=details.owner or schedule.owner,
        cron=details.cron,
        source=details.source or schedule.source,
        suspended=schedule.suspended if details.suspended is None else details.suspended,
    )
