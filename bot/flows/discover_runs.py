"""Discovery, second half: finds, among schedules' newest runs, those that weren't started through the bot.

`bot.core.watching.discovery` decides which listed runs are new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.core.model.bolt import RunSummary
from bot.core.model.discovery import Ledger, Looked, NewRun, ScheduleRecord, SettledSlots
from bot.core.model.errors import BoltError, BoltRejected, BoltThrottled, BoltTooLarge
from bot.core.model.incident import StoredIncident
from bot.core.model.listing_gap import ListingGap
from bot.core.model.notice import Notice
from bot.core.model.request import pull_request_of
from bot.core.model.run import Observation, Run, RunFacts, RunKey, is_failed, is_final
from bot.core.model.run_end import RunEnd
from bot.core.model.watch import Watch
from bot.core.runs.progress import usual_seconds
from bot.core.watching.counted_runs import counts, is_told
from bot.core.watching.cover import beginning
from bot.core.watching.discovery import Found, compare, is_over, known_before, older_failures, reaches_known, without
from bot.core.watching.edits import edit_for
from bot.core.watching.ends import end_of_listing, end_of_run
from bot.core.watching.incident_life import being_retried, failing_already
from bot.core.watching.missed_slots import reaches_waiting, settle
from bot.core.watching.run_lines import is_busy, line_at_start, starts_of
from bot.core.watching.slow import limit_of
from bot.core.watching.tally import count_missed
from bot.flows.bolt_away import give_back_while_away
from bot.flows.close_unwatched_incidents import TRIES, IncidentCloser
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due, Requests, Runs
from bot.flows.ports.watch_store import Discovery, Incidents, ListingGaps, Watches

log = structlog.get_logger()

PAGE = 20
PAGES_MOST = 10
# A schedule that runs every minute, for a day and a half.
PAGES_MOST_AFTER_GAP = 100
ONE_FAILED_S = 60.0
# If older pages couldn't be read for this long, they may never be: newer runs are reported without them.
OLDER_AWAITED = timedelta(minutes=10)
# If a run may come from one of the bot's starts whose outcome is unknown, it waits this long for the outcome.
UNSETTLED_S = 60.0
UNSETTLED_AGAIN_S = 2.0
POLL_GAP_S = 1.0


@dataclass(frozen=True, slots=True)
class LookRules:
    """Settings for looks: the workspace, and the interval at which every schedule is looked at in any case."""

    workspace: str
    sweep_s: float = 900


@dataclass(frozen=True, slots=True)
class Pages:
    """A schedule's newest runs. `has_all`: there are no other runs. `is_cut`: Bolt refuses to list older ones."""

    runs: Sequence[RunSummary]
    has_all: bool
    is_cut: bool = False


class OlderRuns:
    """Older pages of schedules' runs, for one look. Once Bolt throttles a request, the look requests no older pages."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt
        self._throttled: BoltThrottled | None = None

    def check_throttled(self) -> None:
        """Raise BoltThrottled if Bolt has throttled this look."""
        if self._throttled is not None:
            raise self._throttled

    async def page(self, slug: str, offset: int) -> list[RunSummary]:
        """Read the page that begins with the run at `offset`. Raises BoltError."""
        try:
            return await self._bolt.runs(slug, PAGE, offset)
        except BoltThrottled as throttled:
            self._throttled = throttled
            raise


class RunDiscoverer:
    """Looks at the newest runs of many schedules with one request. `mask` is applied to names from Bolt."""

    def __init__(
        self,
        bolt: Bolt,
        watches: Watches,
        discovery: Discovery,
        incidents: Incidents,
        runs: Runs,
        requests: Requests,
        due: Due,
        gaps: ListingGaps,
        rules: LookRules,
        *,
        mask: Callable[[str], str],
    ) -> None:
        self._bolt = bolt
        self._watches = watches
        self._discovery = discovery
        self._incidents = incidents
        self._runs = runs
        self._requests = requests
        self._due = due
        self._gaps = gaps
        self._rules = rules
        self._mask = mask
        self._closer = IncidentCloser(incidents, discovery)
        self._covers = CoverCache()
        # The time since which older pages of a schedule's runs have been unreadable, by Bolt's clock.
        self._older_failing: dict[str, datetime] = {}

    async def look(self, lease: Lease) -> bool:
        """Look at the claimed schedules' runs, and record what's new. Returns whether anything was new."""
        slugs = list(lease.members)
        records = await self._discovery.load_schedules(slugs)
        try:
            pages = await self._bolt.newest_runs(slugs)
        except BoltError as away:
            await give_back_while_away(self._due, lease, away)
            return False
        covers = self._covers.of(await self._watches.all_watches())
        gap = await self._gaps.collecting()
        older = OlderRuns(self._bolt)
        quiet, failed, throttled, news = [], [], [], False
        for slug in slugs:
            page, record = pages.get(slug), records.get(slug)
            if page is None or isinstance(page, BoltError) or record is None:
                failed.append(slug)
                continue
            try:
                is_news = await self._look_at(lease, record, page, older, covers.deciding(record.schedule), gap)
            except BoltError as away:
                # Nothing is recorded for this schedule: if its newer runs were on record, no look would reach the older
                # ones.
                log.warning(
                    "older runs can't be listed; the schedule will be looked at later", schedule=slug, why=str(away)
                )
                if isinstance(away, BoltThrottled):
                    throttled.append((slug, away))
                else:
                    await give_back_while_away(self._due, lease.subset((slug,)), away, away_s=ONE_FAILED_S)
                continue
            news = news or is_news
            if not is_news:
                quiet.append(slug)
        if gap is not None:
            await self._gaps.looked(gap.number, quiet)
        await self._give_back(lease, quiet, self._rules.sweep_s)
        await self._give_back(lease, failed, ONE_FAILED_S)
        # At most the first throttled schedule's page was requested, so the next look begins with the others.
        for slug, throttle in (*throttled[1:], *throttled[:1]):
            await give_back_while_away(self._due, lease.subset((slug,)), throttle)
        return news

    async def _give_back(self, lease: Lease, slugs: Sequence[str], delay_s: float) -> None:
        if slugs:
            await self._due.give_back(lease.subset(tuple(slugs)), delay_s=delay_s)

    async def _look_at(
        self,
        lease: Lease,
        record: ScheduleRecord,
        page: Sequence[RunSummary],
        older: OlderRuns,
        deciding: Mapping[str, Watch],
        gap: ListingGap | None,
    ) -> bool:
        """Record what's new about one schedule. Returns False if there's nothing new to record.

        Raises BoltError if older pages of its runs are needed, and can't be read now.
        """
        slug, ledger = record.schedule.slug, record.ledger
        pages = await self._all_pages(record, page, older, PAGES_MOST if gap is None else PAGES_MOST_AFTER_GAP)
        listed = pages.runs
        at = self._bolt.time()
        found = compare(ledger, listed, at, since=min((watch.since for watch in deciding.values()), default=None))
        held = await self._may_be_ours(lease, slug, found)
        found = without(found, held)
        beginnings = tuple(sorted(map(beginning, deciding.values())))
        await self._adjust_incidents(record, deciding, listed)
        await self._poll_active(ledger)
        settled = _settled(record, pages, deciding, at)
        if not found and not held and not settled and beginnings == ledger.beginnings and ledger.begun:
            return False
        if gap is not None:
            await self._gaps.await_ends(gap.number, slug, [run.id for run in found.ended])
        usual_s = usual_seconds([run for run in listed if run.parent_run_id is None])
        old = older_failures(found.ended) if gap is not None else frozenset()
        follow, ended = await self._sorted(record, found, deciding, usual_s, at, old)
        notices = await self._lines(record, found.begun, deciding, at)
        ledger_now = replace(found.ledger, beginnings=beginnings)
        looked = Looked(ledger_now, follow, ended, notices, settled or SettledSlots())
        # The first looks are spread over the interval, so all later ones are spread as well.
        delay_s = self._rules.sweep_s * (_share(slug) if not ledger.begun else 1)
        delay_s = min(delay_s, UNSETTLED_AGAIN_S) if held else delay_s
        noted = await self._discovery.note_look(lease.subset((slug,)), slug, record.rev, looked, delay_s=delay_s)
        if gap is not None and noted:
            await self._gaps.looked(gap.number, [slug])
        for run in found.begun:
            await self._show_retry(record, run)
        return True

    async def _adjust_incidents(
        self, record: ScheduleRecord, deciding: Mapping[str, Watch], listed: Sequence[RunSummary]
    ) -> None:
        """Close incidents where the schedule is no longer watched, open them where it now is, and show whether it's suspended."""
        await self._closer.close(record.schedule.slug, record.failing_in - set(deciding))
        await self._closer.show_suspended(record.schedule, record.failing_in & set(deciding))
        for watch in deciding.values():
            if beginning(watch) not in record.ledger.beginnings:
                await self._begin(record, watch, listed)

    async def _sorted(
        self,
        record: ScheduleRecord,
        found: Found,
        deciding: Mapping[str, Watch],
        usual_s: float | None,
        at: datetime,
        old: frozenset[int],
    ) -> tuple[list[NewRun], list[RunEnd]]:
        """Sort the found runs into runs to follow and ends to account for. `old` has the ends that aren't news."""
        follow, ended = [], []
        for run in (*found.begun, *found.ended):
            one = await self._worth_following(record, run, deciding, usual_s, at, old=run.id in old)
            if isinstance(one, NewRun):
                follow.append(one)
            elif one is not None:
                ended.append(one)
        return follow, ended

    async def _may_be_ours(self, lease: Lease, slug: str, found: Found) -> frozenset[int]:
        """New runs that may belong to a start of ours whose outcome is unknown; the start's card comes first."""
        fresh = [run for run in (*found.begun, *found.ended) if run.id in found.fresh]
        if not fresh:
            return frozenset()
        starts = await self._requests.unsettled_starts(slug)
        marks = [one.mark for one in starts if lease.since_s(one.sent_at) < UNSETTLED_S]
        actor = await self._runs.actor(self._rules.workspace) if marks else None
        candidates = (run.id for run in fresh if marks and run.id > min(marks) and actor in (None, run.actor))
        return frozenset(candidates)

    async def _show_retry(self, record: ScheduleRecord, run: RunSummary) -> None:
        """Show in a schedule's incidents that one of its runs is being retried, no matter who started the retry."""
        if run.parent_run_id is None:
            return
        stored = await self._runs.load_run(RunKey(self._rules.workspace, run.id))
        by = (stored.facts.asked_by or stored.facts.actor if stored else None) or run.actor
        for channel in record.failing_in:
            for _ in range(TRIES):
                before = await self._incidents.load_incident(channel, record.schedule.slug)
                if before is None:
                    break
                after = being_retried(before.incident, run.id, run.parent_run_id, run.state, by)
                edit = edit_for(before.incident, after)
                if edit == "none" or await self._incidents.store_incident(before, after, edit):
                    break

    async def _all_pages(
        self, record: ScheduleRecord, page: Sequence[RunSummary], older: OlderRuns, most: int
    ) -> Pages:
        """The newest runs, back to one that's known, and to the slots that wait for their run.

        More than a page of runs may have ended since the last look, or begun since a slot. Raises BoltError.
        """
        listed, last = list(page), page
        while len(last) >= PAGE and len(listed) < PAGE * most and not _reaches_all(record, last):
            # Time lost because another schedule's page was throttled doesn't count as time in which this schedule's
            # pages were unreadable.
            older.check_throttled()
            try:
                last = await older.page(record.schedule.slug, len(listed))
            except (BoltRejected, BoltTooLarge) as refused:
                # Bolt may refuse the older runs each time, and the newer runs must be reported anyway.
                log.warning("Bolt doesn't list older runs", schedule=record.schedule.slug, why=str(refused))
                return Pages(listed, has_all=False, is_cut=True)
            except BoltError as away:
                failing_since = self._older_failing.setdefault(record.schedule.slug, self._bolt.time())
                if self._bolt.time() - failing_since < OLDER_AWAITED:
                    raise
                log.warning(
                    "older runs still can't be listed, so only the newer ones are reported",
                    schedule=record.schedule.slug,
                    why=str(away),
                )
                return Pages(listed, has_all=False, is_cut=True)
            listed += last
        self._older_failing.pop(record.schedule.slug, None)
        return Pages(listed, has_all=len(last) < PAGE)

    async def _lines(
        self, record: ScheduleRecord, begun: Sequence[RunSummary], deciding: Mapping[str, Watch], at: datetime
    ) -> list[Notice]:
        """The lines about runs that have begun, for channels without a card of the run."""
        busy = is_busy(starts_of(record.ledger), at)
        notices = []
        for run in begun:
            about = end_of_listing(run)
            made = (line_at_start(about, watch, record.schedule, busy=busy, at=at) for watch in deciding.values())
            lines = [line for line in made if line is not None]
            cards = await self._runs.cards_of(RunKey(self._rules.workspace, run.id)) if lines else {}
            notices += [line for line in lines if line.channel not in cards]
        return notices

    async def _worth_following(
        self,
        record: ScheduleRecord,
        run: RunSummary,
        deciding: Mapping[str, Watch],
        usual_s: float | None,
        at: datetime,
        *,
        old: bool,
    ) -> NewRun | RunEnd | None:
        """A run to follow until its end is read, an end that the listing says enough about, or nothing yet.

        `old`: the run ended long ago, so its log is no longer news.
        """
        key, end = RunKey(self._rules.workspace, run.id), end_of_listing(run)
        counted = any(counts(end, watch, record.schedule) for watch in deciding.values())
        if not is_final(run.state):
            if is_over(run, at):
                return end
            if not any(is_told(end, watch, record.schedule) for watch in deciding.values()):
                return None
            new = self._new_run(record, run, key, usual_s)
            return replace(new, slow_in_s=_slow_in_s(new, record, deciding, at))
        stored = await self._runs.load_run(key)
        if stored is not None and stored.end is not None:
            return end_of_run(stored, stored.end)
        if stored is None and old:
            return end
        # A failure's log is read; a success closes an incident only if it ran the schedule's own commands.
        if stored is not None or (counted and (is_failed(run.state) or record.failing_in)):
            return self._new_run(record, run, key, usual_s)
        return end

    def _new_run(self, record: ScheduleRecord, run: RunSummary, key: RunKey, usual_s: float | None) -> NewRun:
        schedule = record.schedule
        actor = run.actor_email or run.actor
        facts = RunFacts(
            schedule.slug,
            self._mask(schedule.name),
            run.branch,
            pull_request_of(run),
            tuple(self._mask(command) for command in schedule.commands),
            asked_at=run.started_at,
            parent_run=run.parent_run_id,
            usual_s=usual_s,
            actor=self._mask(actor) if actor else None,
        )
        # A poll finds out its final state, so that its end is noticed as usual.
        return NewRun(key, facts, Observation(run.state if not is_final(run.state) else "RUNNING"))

    async def _begin(self, record: ScheduleRecord, watch: Watch, listed: Sequence[RunSummary]) -> None:
        """Begin to watch a schedule in a channel: if it's already failing, its next end is reported as part of that."""
        stored = await self._incidents.load_incident(watch.channel, record.schedule.slug)
        if stored is not None and stored.incident.is_open:
            return
        # An end after that is accounted for like any other.
        ends = known_before(record.ledger, listed, watch.since)
        serial = stored.incident.serial + 1 if stored else 1
        incident = failing_already(ends, watch, record.schedule, serial=serial)
        if incident is not None:
            before = stored or StoredIncident(incident)
            await self._incidents.store_incident(before, incident, "none")

    async def _poll_active(self, ledger: Ledger) -> None:
        if ledger.active:
            keys = [RunKey(self._rules.workspace, run) for run in ledger.active]
            await self._runs.make_due_now(keys, gap_s=POLL_GAP_S)


def _reaches_all(record: ScheduleRecord, page: Sequence[RunSummary]) -> bool:
    """Whether a page reaches back far enough that no older page has to be read."""
    return reaches_known(record.ledger, page) and reaches_waiting(record.slots.slots, page)


def _settled(record: ScheduleRecord, pages: Pages, deciding: Mapping[str, Watch], at: datetime) -> SettledSlots | None:
    """News from a listing about a schedule's slots, or None if nothing is new."""
    found = settle(
        record.schedule,
        record.slots.slots,
        pages.runs,
        at,
        has_all=pages.has_all,
        is_cut=pages.is_cut,
        has_all_new=pages.has_all or reaches_known(record.ledger, pages.runs),
    )
    if found.slots == record.slots.slots:
        return None
    counts = [one for slot in found.counted for one in count_missed(slot, deciding.values(), record.schedule)]
    return SettledSlots(record.slots, found.slots, counts)


def _slow_in_s(new: NewRun, record: ScheduleRecord, deciding: Mapping[str, Watch], at: datetime) -> float | None:
    """The seconds until a run may count as slow in one of the channels, or None if it never does."""
    run, began = Run(new.key, facts=new.facts, seen=new.seen), new.facts.asked_at
    limits = [limit_of(run, watch, record.schedule) for watch in deciding.values()]
    known = [limit for limit in limits if limit is not None]
    return min(known) - (at - began).total_seconds() if known and began is not None else None


def _share(slug: str) -> float:
    """A share between 0 and 1 that is always the same for a schedule."""
    return (sum(slug.encode()) * 2654435761 % 2**32) / 2**32
