"""Reading the Home tab: a person's runs, their channels' runs, failures, frequent schedules, queued starts.

The tab is laid out in `bot.core.views.home`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from bot.core.model.channel import MemberChannels
from bot.core.model.incident import StoredIncident
from bot.core.model.run import CardRef
from bot.core.model.run_index import IndexPage, ScheduleHabit
from bot.core.views.home import (
    FAILURES_A_PAGE,
    INCIDENTS_SHOWN,
    RUNS_A_PAGE,
    SCHEDULES_A_PAGE,
    FailingNow,
    FrequentSchedule,
    HomePage,
    HomeSection,
    ListedIncident,
)
from bot.flows.active_runs import STARTS_SHOWN, listed_run, listed_starts
from bot.flows.links import Links
from bot.flows.ports.slack import Memberships
from bot.flows.ports.store import Indexes, StartQueue
from bot.flows.ports.watch_store import Incidents


class HomePageReader:
    """Reads pages of the Home tab."""

    def __init__(
        self,
        indexes: Indexes,
        start_queue: StartQueue,
        incidents: Incidents,
        memberships: Memberships,
        links: Links,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._indexes = indexes
        self._start_queue = start_queue
        self._incidents = incidents
        self._memberships = memberships
        self._links = links
        self._now = now

    async def read_page(self, user: str, number: int) -> HomePage:
        """Read a page, counted from 0, or the first page if that one has become empty. Raises StoreUnavailable."""
        member_channels = await self._memberships.channels_of(user)
        page = await self._read(user, member_channels, number)
        shown = page.mine.runs or page.others.runs or page.failures.runs or page.schedules
        # A later page's entries may have ended by now.
        return page if shown or number == 0 else await self._read(user, member_channels, 0)

    async def _read(self, user: str, member_channels: MemberChannels, number: int) -> HomePage:
        channels, indexes, runs = list(member_channels.names), self._indexes, RUNS_A_PAGE
        mine, others, failures, habits, queued, failing = await asyncio.gather(
            indexes.active_of(user, skip=number * runs, most=runs),
            indexes.active_in(channels, skip=number * runs, most=runs, without=user),
            indexes.failed(user, channels, skip=number * FAILURES_A_PAGE, most=FAILURES_A_PAGE),
            indexes.habits(user, skip=number * SCHEDULES_A_PAGE, most=SCHEDULES_A_PAGE),
            self._start_queue.queued_of(user, most=STARTS_SHOWN),
            self._failing(member_channels, number),
        )
        return HomePage(
            self._now(),
            number,
            self._part(mine),
            self._part(others),
            self._part(failures),
            tuple(_often(one, member_channels) for one in habits.schedules),
            habits.total,
            member_channels.missing,
            queued=listed_starts(queued, self._links.card_url),
            failing=failing,
        )

    async def _failing(self, member_channels: MemberChannels, number: int) -> FailingNow:
        """The open incidents of the person's channels, most recent failure first. Only the first page has them."""
        if number:
            return FailingNow()
        found = [one for one in await self._incidents.open_incidents() if one.incident.channel in member_channels.names]
        found.sort(key=_last_failure, reverse=True)
        listed = (ListedIncident(one.incident, self._message_url(one)) for one in found[:INCIDENTS_SHOWN])
        return FailingNow(len(found), tuple(listed))

    def _message_url(self, stored: StoredIncident) -> str | None:
        return self._links.card_url(CardRef(stored.incident.channel, stored.ts)) if stored.ts else None

    def _part(self, found: IndexPage) -> HomeSection:
        return HomeSection(found.total, tuple(listed_run(one, self._links.card_url) for one in found.runs))


def _last_failure(stored: StoredIncident) -> datetime:
    failed = stored.incident.failed
    return failed.ended_at if failed and failed.ended_at else datetime.min.replace(tzinfo=UTC)


def _often(habit: ScheduleHabit, member_channels: MemberChannels) -> FrequentSchedule:
    """Decide where a click runs a frequent schedule.

    In the channel of the last run if the person is still in it, else in direct messages.
    """
    channel = habit.channel
    if not channel or channel.startswith("D"):
        return FrequentSchedule(habit.slug, habit.name, "")
    left = member_channels.whole and channel not in member_channels.names
    return FrequentSchedule(
        habit.slug, habit.name, "" if left else channel, member_channels.names.get(channel, ""), left
    )
