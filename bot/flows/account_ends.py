"""Accounting for ends: each end of a watched schedule's run becomes part of the channels' incidents, exactly once.

`bot.core.watching.incident_life` decides an end's effect on an incident, and the script `account_ends.lua` decides
whether incidents form an outage.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.core.model.discovery import Count, ScheduleRecord
from bot.core.model.incident import HIDDEN, Incident, StoredIncident
from bot.core.model.listing_gap import COLLECTED_FOR, GapRun, ListingGap
from bot.core.model.run import CardRef, RunKey
from bot.core.model.run_end import RunEnd
from bot.core.model.watch import Watch
from bot.core.watching.counted_runs import closes, counts
from bot.core.watching.discovery import remember, was_accounted
from bot.core.watching.edits import edit_for
from bot.core.watching.ends import without_log
from bot.core.watching.handling import closed
from bot.core.watching.incident_life import account, is_accounted, with_log
from bot.core.watching.incident_retries import tells_end
from bot.core.watching.quiet import quiet_until, withhold
from bot.core.watching.tally import counts_of
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.notice_runs import RunNotices
from bot.flows.ports.store import Due, Requests, Runs
from bot.flows.ports.watch_store import Discovery, IncidentAccounts, IncidentChange, ListingGaps, Watches
from bot.flows.watch_permissions import Tellings, WatchPermissions

log = structlog.get_logger()

# The account of a gap lists the withheld incidents. If there's no account within this time, they're listed without it.
TOLD_WITHIN = 2 * COLLECTED_FOR


@dataclass(frozen=True, slots=True)
class Withholding:
    """Why a channel's posts are withheld: quiet hours until `quiet`, or a gap whose account will list them."""

    quiet: datetime | None
    gap: ListingGap | None
    now: datetime

    def apply(self, before: Incident | None, after: Incident, end: RunEnd) -> Incident:
        """Withhold what this end would have posted."""
        if self.quiet is None and self.gap is not None and self.gap.hides(end.ended_at):
            return withhold(before, after, self.now + TOLD_WITHIN, gap=True)
        return withhold(before, after, self.quiet)


@dataclass(frozen=True, slots=True)
class WaitingEnds:
    """A schedule's waiting ends, their runs' cards, the watches that decide, and what the policy lets them report.

    `stored` has the incidents of the deciding watches' channels, and of channels that may no longer see theirs.
    """

    record: ScheduleRecord
    ends: Sequence[RunEnd]
    cards: Mapping[int, Mapping[str, CardRef]]
    deciding: Mapping[str, Watch]
    tellings: Tellings
    stored: Mapping[str, StoredIncident | None]

    def is_in_outage(self, channel: str) -> bool:
        """Whether an outage's message shows a channel's incident."""
        found = self.stored.get(channel)
        return found is not None and bool(found.outage)


class EndAccountant:
    """Accounts for the ends of one schedule at a time."""

    def __init__(
        self,
        watches: Watches,
        discovery: Discovery,
        incidents: IncidentAccounts,
        runs: Runs,
        due: Due,
        permissions: WatchPermissions,
        gaps: ListingGaps,
        notices: RunNotices,
        requests: Requests,
        *,
        workspace: str,
        now: Callable[[], datetime],
        time: Callable[[], datetime],
    ) -> None:
        """`time` is Bolt's clock."""
        self._permissions = permissions
        self._watches = watches
        self._discovery = discovery
        self._incidents = incidents
        self._runs = runs
        self._due = due
        self._gaps = gaps
        self._notices = notices
        self._requests = requests
        self._workspace = workspace
        self._now = now
        self._time = time
        self._covers = CoverCache()

    async def account_schedule(self, lease: Lease) -> None:
        """Account for all waiting ends of the claimed schedule, in the order in which the runs ended."""
        slug = lease.member
        record = (await self._discovery.load_schedules([slug])).get(slug)
        if record is None:
            # Nobody has watched it for a day.
            await self._due.finish(lease)
            return
        covers = self._covers.of(await self._watches.all_watches())
        deciding, tellings = await self._permissions.deciding(covers, record.schedule)
        if tellings.deactivated:
            await self._watches.check_channels(tellings.deactivated)
        if tellings.wait_s:
            await self._due.give_back(lease, delay_s=tellings.wait_s)
            return
        waiting = await self._load(slug, record, deciding, tellings)
        states = await self._incident_states(waiting)
        changes = _changes(waiting, states)
        if not await self._store(lease, waiting, states, changes):
            # An incident has changed in the meantime, or another process has accounted for these ends.
            await self._due.give_back(lease, delay_s=0)
            return
        for change in changes:
            log.info(
                "an incident changed",
                schedule=slug,
                channel=change.after.channel,
                state=str(change.after.state),
                failures=change.after.failures,
            )

    async def _load(
        self, slug: str, record: ScheduleRecord, deciding: Mapping[str, Watch], tellings: Tellings
    ) -> WaitingEnds:
        ends = await self._discovery.ended_runs(slug)
        channels = [*deciding, *(record.failing_in & tellings.refused_in - deciding.keys())]
        stored = await self._incidents.load_incidents([(channel, slug) for channel in channels])
        cards = {end.run: await self._runs.cards_of(RunKey(self._workspace, end.run)) for end in ends}
        return WaitingEnds(record, ends, cards, deciding, tellings, dict(zip(channels, stored, strict=True)))

    async def _incident_states(self, waiting: WaitingEnds) -> dict[str, list[Incident]]:
        """The states of each channel's incident after these ends. Runs that a gap hid are recorded for its account."""
        gap, states = await self._gaps.collecting(), {}
        for channel, watch in waiting.deciding.items():
            withholding = Withholding(quiet_until(watch, self._now()), gap, self._now())
            states[channel] = _states_in(waiting, watch, withholding)
            if gap is not None:
                hidden = _hidden_runs(gap, waiting.ends, watch, waiting.record)
                await self._gaps.note_runs(gap.number, channel, hidden)
        return states

    async def _store(
        self,
        lease: Lease,
        waiting: WaitingEnds,
        states: Mapping[str, Sequence[Incident]],
        changes: Sequence[IncidentChange],
    ) -> bool:
        """Store everything in one step. Returns False if anything has changed since it was loaded."""
        record, ends, deciding = waiting.record, waiting.ends, waiting.deciding
        return await self._incidents.account(
            lease,
            record,
            remember(record.ledger, ends),
            [RunKey(self._workspace, end.run) for end in ends],
            changes,
            _counted(ends, deciding.values(), record, self._now()),
            await self._notices.at_end(record, ends, deciding, waiting.cards, self._time()),
            await self._untold(waiting, {channel: after[-1] for channel, after in states.items() if after}),
        )

    async def _untold(self, waiting: WaitingEnds, incidents: Mapping[str, Incident]) -> list[str]:
        """The starts whose runs have no card, and whose new ends aren't in an incident's or outage's message."""
        new = [
            end for end in waiting.ends if not was_accounted(waiting.record.ledger, end) and not waiting.cards[end.run]
        ]
        found = [(end, await self._requests.load_request(end.request)) for end in new if end.request]
        return [
            start.id
            for end, start in found
            if start is not None
            and (channel := start.incident_channel)
            and not tells_end(incidents.get(channel), end, in_outage=waiting.is_in_outage(channel))
        ]


def _changes(waiting: WaitingEnds, states: Mapping[str, Sequence[Incident]]) -> list[IncidentChange]:
    """The changes to the channels' incidents. Incidents that may no longer be shown are closed."""
    changes = [
        IncidentChange(before, after, edit_for(_same(before, after), after))
        for channel, afterwards in states.items()
        for before in (waiting.stored[channel],)
        for after in afterwards
        if before is None or after != before.incident
    ]
    hidden = [one for channel, one in waiting.stored.items() if channel not in waiting.deciding]
    open_ones = [one for one in hidden if one is not None and one.incident.is_open]
    return [*changes, *(IncidentChange(one, closed(one.incident, HIDDEN), "now") for one in open_ones)]


def _states_in(waiting: WaitingEnds, watch: Watch, withholding: Withholding) -> list[Incident]:
    """The states of a channel's incident after these ends, which quote logs only if the watch may report logs."""
    before, quotes = waiting.stored[watch.channel], waiting.tellings.may_quote_logs(watch)
    ends = waiting.ends if quotes else [without_log(end) for end in waiting.ends]
    incident = before.incident if before else None
    states = _states(incident, ends, watch, waiting.record, waiting.cards, withholding)
    return [replace(one, without_logs=not quotes) for one in states]


def _same(before: StoredIncident | None, after: Incident) -> Incident | None:
    """The stored incident from before the change, unless it was a different one."""
    return before.incident if before is not None and before.incident.serial == after.serial else None


def _states(
    incident: Incident | None,
    ends: Sequence[RunEnd],
    watch: Watch,
    record: ScheduleRecord,
    cards: Mapping[int, Mapping[str, CardRef]],
    withholding: Withholding,
) -> list[Incident]:
    """A channel's incident after these ends. If a new one replaces the stored one, the old one's last state is first.

    Only ends since the channel began to watch the schedule count.
    """
    serial, last = incident.serial if incident else 0, incident
    succeeded = (end for end in record.ledger.successes if counts(end, watch, record.schedule))
    newest = max(succeeded, key=lambda end: end.order, default=None)
    for end in ends:
        carded, before = watch.channel in cards[end.run], incident
        if was_accounted(record.ledger, end):
            # The end was accounted for before; now its log has been read.
            if incident is not None and end.has_failed and is_accounted(incident, end.run):
                incident = with_log(incident, end, carded=carded)
        elif _counts(end, watch, record):
            incident = account(incident, end, watch, record.schedule, newest=newest, carded=carded)
            if closes(end) and (newest is None or end.order > newest.order):
                newest = end
        incident = withholding.apply(before, incident, end) if incident is not None else None
        if incident is not None and incident.serial == serial:
            last = incident
    replaced = [last] if last is not None and incident is not None and last.serial != incident.serial else []
    return [*replaced, incident] if incident is not None else []


def _counts(end: RunEnd, watch: Watch, record: ScheduleRecord) -> bool:
    return counts(end, watch, record.schedule) and (end.ended_at is None or end.ended_at > watch.since)


def _hidden_runs(gap: ListingGap, ends: Sequence[RunEnd], watch: Watch, record: ScheduleRecord) -> list[GapRun]:
    """Select the ends that a channel's account of a gap lists."""
    hidden = [
        end
        for end in ends
        if not was_accounted(record.ledger, end) and gap.hides(end.ended_at) and _counts(end, watch, record)
    ]
    name = record.schedule.name
    return [
        GapRun(end.run, record.schedule.slug, name, end.state, end.started_at, end.ended_at, end.branch, end.actor)
        for end in hidden
    ]


def _counted(ends: Sequence[RunEnd], watches: Collection[Watch], record: ScheduleRecord, now: datetime) -> list[Count]:
    """The counts of these ends for the channels' digests."""
    return [
        one
        for end in ends
        for one in counts_of(end, watches, record.schedule, now, late=was_accounted(record.ledger, end))
    ]
