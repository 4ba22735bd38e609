"""Accounting ends: each end of a watched schedule's run becomes part of the channels' incidents, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.core.model.discovery import Count, ScheduleRecord
from bot.core.model.incident import HIDDEN, Incident, StoredIncident
from bot.core.model.listing_gap import COLLECTED_FOR, GapRun, ListingGap
from bot.core.model.run import CardRef, RunKey
from bot.core.model.run_end import RunEnd
from bot.core.model.watch import Watch
from bot.core.watching.counting import closes, counts
from bot.core.watching.discovery import remember, was_accounted
from bot.core.watching.edits import edit_for
from bot.core.watching.ends import without_log
from bot.core.watching.handling import closed
from bot.core.watching.life import account, is_accounted, with_log
from bot.core.watching.quiet import quiet_until, withhold
from bot.core.watching.retrying import tells_end
from bot.core.watching.tally import counts_of
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.may_tell import WatchPermissions
from bot.flows.notice_runs import RunNotices
from bot.flows.ports.store import Due, Requests, Runs
from bot.flows.ports.watch_store import Discovery, IncidentAccounts, IncidentChange, ListingGaps, Watches

log = structlog.get_logger()

# The account of a gap tells what it has hidden; if it can't, what is withheld is listed after this time.
TOLD_WITHIN = 2 * COLLECTED_FOR


@dataclass(frozen=True, slots=True)
class Withholding:
    """What keeps a channel's posts back: quiet hours until `quiet`, or a gap whose account is to tell them."""

    quiet: datetime | None
    gap: ListingGap | None
    now: datetime

    def apply(self, before: Incident | None, after: Incident, end: RunEnd) -> Incident:
        """Withhold what this end would have posted."""
        if self.quiet is None and self.gap is not None and self.gap.hides(end.ended_at):
            return withhold(before, after, self.now + TOLD_WITHIN, gap=True)
        return withhold(before, after, self.quiet)


class EndAccountant:
    """Accounts the ends of one schedule at a time."""

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
        """Account all ends of the claimed schedule that wait, in the order in which the runs ended."""
        slug = lease.member
        record = (await self._discovery.load_schedules([slug])).get(slug)
        if record is None:
            # Nobody has watched it for a day.
            await self._due.finish(lease)
            return
        ends = await self._discovery.ended_runs(slug)
        covers = self._covers.of(await self._watches.all_watches())
        deciding, tellings = await self._permissions.deciding(covers, record.schedule)
        if tellings.deactivated:
            await self._watches.check_channels(tellings.deactivated)
        if tellings.wait_s:
            await self._due.give_back(lease, delay_s=tellings.wait_s)
            return
        hidden = record.failing_in & tellings.refused_in - deciding.keys()
        channels = [*deciding, *hidden]
        stored = dict(
            zip(channels, await self._incidents.load_incidents([(one, slug) for one in channels]), strict=True)
        )
        cards = {end.run: await self._runs.cards_of(RunKey(self._workspace, end.run)) for end in ends}
        changes, gap = [], await self._gaps.collecting()
        latest: dict[str, Incident] = {}
        for channel, watch in deciding.items():
            before, quotes = stored[channel], tellings.may_quote_logs(watch)
            withholding = Withholding(quiet_until(watch, self._now()), gap, self._now())
            shown = ends if quotes else [without_log(end) for end in ends]
            states = _states(before.incident if before else None, shown, watch, record, cards, withholding)
            states = [replace(one, without_logs=not quotes) for one in states]
            if gap is not None:
                await self._gaps.note_runs(gap.number, channel, _hidden_runs(gap, ends, watch, record))
            latest |= {one.channel: one for one in states}
            changes += [
                IncidentChange(before, after, edit_for(_same(before, after), after))
                for after in states
                if before is None or after != before.incident
            ]
        changes += [IncidentChange(one, closed(one.incident, HIDDEN), "now") for one in _open(stored, hidden)]
        keys = [RunKey(self._workspace, end.run) for end in ends]
        ledger, counted = remember(record.ledger, ends), _counted(ends, deciding.values(), record, self._now())
        notices = await self._notices.at_end(record, ends, deciding, cards, self._time())
        new = [end for end in ends if not was_accounted(record.ledger, end) and not cards[end.run]]
        untold = await self._untold(new, latest, {one for one, known in stored.items() if known and known.outage})
        done = await self._incidents.account(lease, record, ledger, keys, changes, counted, notices, untold)
        if not done:
            # Somebody else has changed an incident, or has accounted these ends.
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

    async def _untold(
        self, ends: Sequence[RunEnd], incidents: Mapping[str, Incident], outages: Collection[str]
    ) -> list[str]:
        """The starts of these ends, without a card, whose incident tells nothing of them. `outages` tell of it there."""
        found = [(end, await self._requests.load_request(end.request)) for end in ends if end.request]
        return [
            start.id
            for end, start in found
            if start is not None
            and (channel := start.incident_channel)
            and not tells_end(incidents.get(channel), end, in_outage=channel in outages)
        ]


def _open(stored: Mapping[str, StoredIncident | None], channels: Iterable[str]) -> list[StoredIncident]:
    """The open incidents of these channels."""
    found = (stored[channel] for channel in channels)
    return [one for one in found if one is not None and one.incident.is_open]


def _same(before: StoredIncident | None, after: Incident) -> Incident | None:
    """The incident before, unless it was another one."""
    return before.incident if before is not None and before.incident.serial == after.serial else None


def _states(
    incident: Incident | None,
    ends: Sequence[RunEnd],
    watch: Watch,
    record: ScheduleRecord,
    cards: Mapping[int, Mapping[str, CardRef]],
    withholding: Withholding,
) -> list[Incident]:
    """A channel's incident after these ends, preceded by the stored one's last state if another one replaces it.

    Only those ends count that ended since the channel watches the schedule.
    """
    serial, last = incident.serial if incident else 0, incident
    succeeded = (end for end in record.ledger.successes if counts(end, watch, record.schedule))
    newest = max(succeeded, key=lambda end: end.order, default=None)
    for end in ends:
        carded, before = watch.channel in cards[end.run], incident
        if was_accounted(record.ledger, end):
            # Accounted before; now its log has been read.
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
    """What a channel's account of a gap lists of these ends."""
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
    """What the channels' digests have to count of these ends."""
    return [
        one
        for end in ends
        for one in counts_of(end, watches, record.schedule, now, late=was_accounted(record.ledger, end))
    ]
