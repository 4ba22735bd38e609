"""Advancing gaps: each watching channel has one message while schedules can't be listed.

Afterward, the message becomes the account of what happened in the meantime.

`bot.flows.listing_gap` notices when a gap begins and ends, and the wording is in `bot.core.views.listing_gap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.core.model.incident import IncidentState, StoredIncident
from bot.core.model.listing_gap import COLLECTED_FOR, GapNotice, GapState, ListingGap
from bot.core.model.watch import Watch
from bot.core.watching.quiet import kept_in_list, told
from bot.core.watching.when_to_mention import may_mention
from bot.flows.lease import Lease
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import Discovery, Incidents, ListingGaps, QuietEnds, Watches
from bot.flows.quiet_hours import QuietHours

log = structlog.get_logger()

LOOK_AGAIN_S = 2.0
# At most this many incidents are stored with a message. The message itself lists fewer.
KEPT_MOST = 200


class GapAdvancer:
    """Does the work that's due for gaps."""

    def __init__(
        self,
        gaps: ListingGaps,
        watches: Watches,
        discovery: Discovery,
        incidents: Incidents,
        withheld: QuietEnds,
        due: Due,
        quiet: QuietHours,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._gaps = gaps
        self._watches = watches
        self._discovery = discovery
        self._incidents = incidents
        self._withheld = withheld
        self._due = due
        self._quiet = quiet
        self._now = now

    async def advance_gap(self, lease: Lease) -> None:
        """Advance a gap, named by its number, or a channel's message about it, named <channel>:<number>."""
        channel, _, number = lease.member.rpartition(":")
        gap = await self._gaps.load_gap(number)
        if gap is None or (not channel and gap.state is not GapState.COLLECTING):
            await self._due.finish(lease)
        elif not channel:
            await self._collect(lease, gap)
        else:
            await self._advance_message(lease, gap, channel)

    async def _collect(self, lease: Lease, gap: ListingGap) -> None:
        """Wait until everything that the gap hid is accounted for, but not forever."""
        late = gap.began is None or lease.since_s(gap.began) > COLLECTED_FOR.total_seconds()
        if late or await self._is_all_accounted(gap):
            log.info("found out what happened while schedules weren't listed", gap=gap.number, late=late)
            await self._gaps.complete(lease)
        else:
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)

    async def _is_all_accounted(self, gap: ListingGap) -> bool:
        unlooked, awaited = await self._gaps.left(gap.number)
        if unlooked:
            return False
        records = await self._discovery.load_schedules(sorted(awaited))
        return all(
            slug not in records or not set(records[slug].ledger.active).intersection(runs)
            for slug, runs in awaited.items()
        )

    async def _advance_message(self, lease: Lease, gap: ListingGap, channel: str) -> None:
        watches = [one for one in await self._watches.all_watches() if one.channel == channel and not one.paused]
        if not watches or gap.is_unseen:
            await self._end_without_account(lease, gap, channel)
            return
        if gap.state is GapState.COLLECTING:
            # The message is due again when all runs of the gap are collected.
            await self._due.finish(lease)
            return
        quiet_s = await self._quiet.in_channel_s(channel)
        if quiet_s:
            await self._due.give_back(lease, delay_s=max(1.0, quiet_s))
            return
        if gap.state is GapState.COMPLETE:
            await self._queue(lease, *await self._account(gap, watches[0]))
        else:
            await self._queue_if_new(lease, GapNotice(channel, watches[0].team, gap))

    async def _end_without_account(self, lease: Lease, gap: ListingGap, channel: str) -> None:
        """Say in a channel's message, if it has one, that all of its watches are paused or stopped."""
        stored = await self._gaps.load_notice(channel, str(gap.number))
        if stored is None or stored.notice.is_account or stored.notice.unwatched:
            await self._gaps.skip_account(lease, channel, gap.number)
        else:
            await self._queue(lease, replace(stored.notice, unwatched=True), ())

    async def _queue_if_new(self, lease: Lease, notice: GapNotice) -> None:
        stored = await self._gaps.load_notice(notice.channel, str(notice.gap.number))
        if stored is not None and stored.notice == notice:
            await self._due.finish(lease)
        else:
            await self._queue(lease, notice, ())

    async def _queue(self, lease: Lease, notice: GapNotice, after: Sequence[StoredIncident]) -> None:
        if not await self._gaps.queue_message(lease, notice, after):
            await self._due.give_back(lease)

    async def _account(self, gap: ListingGap, watch: Watch) -> tuple[GapNotice, list[StoredIncident]]:
        """A channel's account: what is failing now, what failed and recovered, and the incidents after it."""
        channel, now = watch.channel, self._now()
        withheld = [one for one in await self._withheld.withheld_in(channel) if one.incident.withheld is not None]
        found = {one.incident.schedule: one for one in (*await self._incidents.open_incidents(channel), *withheld)}
        listed = sorted(
            (one.incident for one in found.values() if one.incident.state is not IncidentState.CLOSED),
            key=lambda one: (not one.is_open, one.name, one.schedule),
        )
        new = {one.incident.schedule for one in withheld}
        mentions = tuple(one.schedule for one in listed if one.schedule in new and may_mention(one, now))
        runs = await self._gaps.runs_in(gap.number, channel)
        notice = GapNotice(
            channel,
            watch.team,
            gap,
            tuple(kept_in_list(one) for one in listed[:KEPT_MOST]),
            mentions,
            len(runs),
            len({one.schedule for one in runs}),
        )
        after: list[StoredIncident] = [
            replace(one, incident=told(one.incident, now, mentioned=one.incident.schedule in mentions))
            for one in withheld
        ]
        return notice, after
