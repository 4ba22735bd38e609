"""Reading the figures of a channel's digest: the counts for the schedules that it watches, and what is failing now.

`bot.core.watching.digest` computes the figures, and `bot.core.views.digest` puts them into words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.core.model.digest import Digest
from bot.core.model.slots import Slots
from bot.core.text.message import Message
from bot.core.views.digest import digest_message
from bot.core.watching.counted_runs import expects_slots
from bot.core.watching.digest import DigestRow, Figures
from bot.core.watching.digest_chart import DigestChart, FailedOften, digest_chart
from bot.core.watching.missed_slots import shown_missed
from bot.core.watching.tally import Tally, add_up, days_of, runs_by_hour, tally_name, whole_hour
from bot.core.watching.wall_clock import zone_named
from bot.flows.discover_schedules import CoverCache
from bot.flows.ports.watch_store import Discovery, Incidents, Tallies, Watches
from bot.flows.watch_permissions import WatchPermissions

# Durations are compared with those in an earlier period of this length, which ends where the digest's begins.
COMPARED = timedelta(days=28)
HOUR = timedelta(hours=1)
# If the last listing is older than this at the end of the digest's period, the figures are incomplete.
STALE = timedelta(minutes=10)


class DigestReader:
    """Builds digests. `hints` returns the texts of hints, by id; `mask` is applied to names in pictures."""

    def __init__(
        self,
        watches: Watches,
        discovery: Discovery,
        incidents: Incidents,
        tallies: Tallies,
        permissions: WatchPermissions,
        *,
        hints: Callable[[], Mapping[str, str]],
        app_url: str,
        slash_command: str,
        mask: Callable[[str], str],
    ) -> None:
        self._watches = watches
        self._discovery = discovery
        self._incidents = incidents
        self._tallies = tallies
        self._permissions = permissions
        self._hints = hints
        self._app_url = app_url
        self._slash_command = slash_command
        self._mask = mask
        self._covers = CoverCache()

    async def read_digest(
        self, channel: str, digest: Digest | None, since: datetime, until: datetime, *, so_far: bool = False
    ) -> Message | None:
        """Build a channel's digest of a period, up to the last whole hour. Returns None if it watches nothing.

        `so_far`: the hour of `until`, which isn't over, is part of it.
        """
        named = await self._watched(channel)
        if not named:
            return None
        since, end = whole_hour(since), whole_hour(until) + (HOUR if so_far else timedelta())
        rows = await self._rows(named, since, end)
        slugs = {slug for slug, _, _ in named.values()}
        opened = [one.incident for one in await self._incidents.open_incidents(channel)]
        failing = [one for one in opened if one.schedule in slugs]
        listed_at = await self._discovery.listed_at()
        stale_since = listed_at if listed_at is not None and until - listed_at > STALE else None
        figures = Figures(since, end, rows, failing, stale_since)
        return digest_message(digest, figures, self._hints(), self._app_url, self._slash_command)

    async def read_chart(self, digest: Digest, since: datetime, until: datetime) -> DigestChart | None:
        """Read the data for the chart of a channel's digest. Returns None if no run has ended."""
        named = await self._watched(digest.channel)
        since, end = whole_hour(since), whole_hour(until)
        days = await self._tallies.load_days(list(named), days_of(since, end))
        hours: dict[datetime, tuple[int, int]] = {}
        failed = []
        for name, (slug, title, _) in named.items():
            counted = days.get(name, {})
            for at, (runs, failures) in runs_by_hour(counted).items():
                before = hours.get(at, (0, 0))
                hours[at] = before[0] + runs, before[1] + failures
            tally = add_up(counted, since, end)
            failed.append(FailedOften(self._mask(title), self._mask(slug), tally.failures, tally.runs))
        shown = digest_chart(hours, failed, since, end, zone_named(digest.zone), digest.zone)
        return shown if shown.runs else None

    async def is_watching(self, channel: str) -> bool:
        """Whether a channel has any watch that isn't paused."""
        return any(one.channel == channel and not one.paused for one in await self._watches.all_watches())

    async def _watched(self, channel: str) -> dict[str, tuple[str, str, Slots]]:
        """The schedules that a channel watches and may see: slug, name and slots, by the name of their counts."""
        covers = self._covers.of(await self._watches.all_watches())
        records = await self._discovery.load_schedules(list(await self._discovery.known_activity()))
        found = {}
        for slug, record in records.items():
            deciding, _ = await self._permissions.deciding(covers, record.schedule)
            watch = deciding.get(channel)
            if watch is not None:
                slots = record.slots.slots if expects_slots(watch, record.schedule) else Slots()
                found[tally_name(slug, watch.branch)] = (slug, record.schedule.name, slots)
        return found

    async def _rows(
        self, named: Mapping[str, tuple[str, str, Slots]], since: datetime, until: datetime
    ) -> list[DigestRow]:
        names = list(named)
        days = await self._tallies.load_days(names, days_of(since, until))
        earlier = await self._tallies.load_days(names, days_of(since - COMPARED, since - timedelta(days=1)))
        rows = []
        for name, (slug, title, slots) in named.items():
            counted, before = days.get(name, {}), earlier.get(name, {})
            tally = add_up(counted, since, until) if counted else Tally()
            usual = add_up(before, since - COMPARED, since) if before else Tally()
            rows.append(DigestRow(title, slug, tally, usual, shown_missed(slots, since, until)))
        return rows
