"""Discovery, first half: one listing of schedules shows whose runs are worth a look.

The listing's interval is BOLT_BOT_DISCOVER_S; late schedules are judged in `bot.flows.judge_late`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.core.model.bolt import Schedule, ScheduleActivity
from bot.core.model.discovery import ActivityNews, SlotsNews
from bot.core.model.errors import BoltError, BoltThrottled
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.slots import Slots, StoredSlots
from bot.core.model.watch import Watch
from bot.core.watching.counted_runs import expects_slots
from bot.core.watching.cover import Covers, beginning
from bot.core.watching.late import note_listing
from bot.core.watching.missed_slots import needs_look
from bot.flows.bolt_away import AWAY_S, give_back_while_away
from bot.flows.close_unwatched_incidents import REMOVED, IncidentCloser
from bot.flows.cooperative import in_pieces
from bot.flows.find_owners import OwnerFinder
from bot.flows.lease import Lease
from bot.flows.listing_gap import GapWatcher
from bot.flows.missing_schedules import MissingSchedules
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import Digests, Discovery, DiscoveryHints, LateSchedules, Watches
from bot.flows.rename_schedules import ScheduleRenamer
from bot.flows.schedule_catalog import ScheduleCatalog

log = structlog.get_logger()

# A schedule's name, owner, branch and commands are read again after this time. Until then, the small listing is enough.
DETAILS_FRESH = timedelta(minutes=5)
# Schedules whose runs are listed with one request.
LOOKS_TOGETHER = 100
_NO_SLOTS = StoredSlots()


@dataclass(frozen=True, slots=True)
class WatchedActivity:
    """A watched schedule and its activity. Its runs are looked at only after its activity has changed.

    `is_well` means that its last run succeeded. `next_run_at` is its next slot. `grace_s` is the shortest grace period
    of its watches, or None if no lateness is reported. `is_counted`: a digest counts the slots without a run.
    """

    schedule: WatchedSchedule
    activity: str
    is_well: bool
    next_run_at: datetime | None = None
    grace_s: float | None = None
    is_counted: bool = False

    @property
    def has_slots(self) -> bool:
        """Whether its slots matter to any watch or digest."""
        return (self.grace_s is not None or self.is_counted) and not self.schedule.suspended


class ScheduleDiscoverer:
    """Lists schedules while any watch exists, every `every_s` seconds on all replicas together."""

    def __init__(
        self,
        bolt: Bolt,
        catalog: ScheduleCatalog,
        watches: Watches,
        discovery: Discovery,
        due: Due,
        closer: IncidentCloser,
        owners: OwnerFinder,
        hints: DiscoveryHints,
        gap: GapWatcher,
        late: LateSchedules,
        renamer: ScheduleRenamer,
        digests: Digests,
        *,
        every_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._bolt = bolt
        self._catalog = catalog
        self._watches = watches
        self._discovery = discovery
        self._due = due
        self._closer = closer
        self._missing = MissingSchedules(bolt, discovery)
        self._owners = owners
        self._hints = hints
        self._gap = gap
        self._late = late
        self._renamer = renamer
        self._digests = digests
        self._every_s = every_s
        self._now = now
        self._covers = CoverCache()

    async def list_schedules(self, lease: Lease) -> None:
        """List the schedules once, and make due those whose runs should be looked at."""
        hinted = await self._hints.take_hints()
        try:
            schedules, activity = await self._list()
        except BoltError as away:
            if not isinstance(away, BoltThrottled):
                log.info("schedules can't be listed; watches will report nothing until they can be", why=str(away))
            await self._gap.note_failure(away)
            await give_back_while_away(self._due, lease, away, away_s=min(self._every_s, AWAY_S))
            return
        at = self._bolt.time()
        known = await self._discovery.known_activity()
        if await self._renamer.follow_renames(activity, schedules, known):
            known = await self._discovery.known_activity()
        watches = await self._watches.all_watches()
        covers = self._covers.of(watches, await self._digests.digest_channels())
        rows = await in_pieces(activity, lambda row: covers.watched(row, schedules.get(row.slug), at))
        watched = {row.schedule.slug: row for row in rows if row is not None}
        gone = await self._close_gone([slug for slug in known if slug not in watched], activity, covers, at)
        changed = {
            slug: (row.activity, row.schedule) for slug, row in watched.items() if known.get(slug) != row.activity
        }
        if any(watch.mention == "owner" for watch in watches):
            await self._owners.look_ahead(
                row.schedule for slug, row in watched.items() if _may_fail(row, known.get(slug))
            )
        await self._gap.note_listing(at, [slug for slug in watched if slug in known])
        if hinted and not changed:
            # It isn't known which schedule's run the hint is about, and the activity may be that of another run.
            await self._hints.look_everywhere(LOOKS_TOGETHER)
        slots, overdue = await self._slots(watched, at)
        changed |= {slug: (watched[slug].activity, watched[slug].schedule) for slug in overdue}
        await self._discovery.note_activity(lease, ActivityNews(changed, gone, slots), at, delay_s=self._every_s)

    async def _slots(
        self, watched: Mapping[str, WatchedActivity], at: datetime
    ) -> tuple[dict[str, SlotsNews], list[str]]:
        """The changes to schedules' slots, and the schedules whose runs have to be read to see if a slot had a run."""
        known, listed_at = await self._late.all_slots(), await self._discovery.listed_at()
        news, overdue = {}, []
        for slug, row in watched.items():
            before = known.get(slug, _NO_SLOTS)
            if row.has_slots and needs_look(before.slots, at, listed_at):
                overdue.append(slug)
            after = _slots_after(before.slots, row, at, listed_at)
            if after == before.slots:
                continue
            late_in_s = None
            if row.grace_s is not None and after.passed and after.passed != before.slots.passed:
                late_in_s = after.passed[0] + row.grace_s - at.timestamp()
            news[slug] = SlotsNews(before, after, late_in_s)
        return news, overdue

    async def _close_gone(
        self, slugs: Sequence[str], activity: Sequence[ScheduleActivity], covers: CoverCache, at: datetime
    ) -> list[str]:
        """Close the incidents of schedules that nobody watches anymore, or that are removed from Bolt.

        A schedule that is only missing from the listing may come back.
        """
        listed = {row.slug for row in activity}
        records = await self._discovery.load_schedules([slug for slug in slugs if slug not in listed])
        missing = {slug for slug, record in records.items() if covers.channels(record.schedule)}
        unwatched = [slug for slug in slugs if slug not in missing]
        await self._closer.close_all(unwatched)
        removed = await self._missing.removed(missing, at)
        await self._closer.close_all(removed, REMOVED)
        return [*unwatched, *removed]

    async def _list(self) -> tuple[Mapping[str, Schedule], Sequence[ScheduleActivity]]:
        """The schedules by slug, at most a few minutes old, and their activity now."""
        listed, at = self._catalog.last_list()
        if at is not None and self._now() - at < DETAILS_FRESH:
            activity = await self._bolt.activity()
            schedules = {one.slug: one for one in listed}
            if all(row.slug in schedules for row in activity):
                return schedules, activity
        schedules = {one.slug: one for one in await self._catalog.all_schedules(sure=True)}
        return schedules, [_activity(one) for one in schedules.values()]


@dataclass(frozen=True, slots=True)
class _KnownRow:
    """The activity worked out for a schedule, and the facts it's based on. `passed`: its next slot has passed."""

    row: ScheduleActivity
    listed: Schedule
    passed: bool
    watched: WatchedActivity | None

    def is_of(self, row: ScheduleActivity, listed: Schedule, *, passed: bool) -> bool:
        """Whether nothing has changed. Usually, the objects themselves are the same."""
        same = (self.row is row or self.row == row) and (self.listed is listed or self.listed == listed)
        return same and self.passed == passed


class CoverCache:
    """The channels that watch each schedule, worked out once until a watch or the schedule changes."""

    def __init__(self) -> None:
        self._watches: tuple[Watch, ...] = ()
        self._covers = Covers()
        self._channels: dict[WatchedSchedule, tuple[str, ...]] = {}
        self._graces: dict[WatchedSchedule, float | None] = {}
        self._digests: frozenset[str] = frozenset()
        self._rows: dict[str, _KnownRow] = {}

    def of(self, watches: tuple[Watch, ...], digests: frozenset[str] = frozenset()) -> CoverCache:
        """Use these watches from now on. `digests` are the channels with a digest."""
        if watches is not self._watches:
            self._watches, self._covers, self._channels, self._graces = watches, Covers.of(watches), {}, {}
            self._rows = {}
        if digests != self._digests:
            self._digests, self._rows = digests, {}
        return self

    def watched(self, row: ScheduleActivity, listed: Schedule | None, at: datetime) -> WatchedActivity | None:
        """A listed schedule's activity, or None if nobody watches it. Most rows are the same in every listing."""
        if listed is None:
            return None
        passed = row.next_run_at is not None and row.next_run_at <= at
        known = self._rows.get(row.slug)
        if known is None or not known.is_of(row, listed, passed=passed):
            known = self._rows[row.slug] = _KnownRow(row, listed, passed, _watched(row, listed, self, passed=passed))
        return known.watched

    def channels(self, schedule: WatchedSchedule) -> tuple[str, ...]:
        """The channels that watch a schedule, each with the time when it began to do so, sorted."""
        if schedule not in self._channels:
            self._channels[schedule] = tuple(sorted(map(beginning, self._covers.deciding(schedule).values())))
        return self._channels[schedule]

    def grace_s(self, schedule: WatchedSchedule) -> float | None:
        """The shortest grace period of the watches that report a schedule as late, or None if none of them does."""
        if schedule not in self._graces:
            graces = [one.late_s for one in self.deciding(schedule).values() if one.late_s is not None]
            self._graces[schedule] = min(graces, default=None)
        return self._graces[schedule]

    def is_counted(self, schedule: WatchedSchedule) -> bool:
        """Whether a digest shows how many of a schedule's slots had no run."""
        found = self.deciding(schedule).items() if self._digests else ()
        return any(channel in self._digests and expects_slots(watch, schedule) for channel, watch in found)

    def deciding(self, schedule: WatchedSchedule, without: Collection[str] = ()) -> dict[str, Watch]:
        """The watch that applies to a schedule, by channel. Watches named in `without` don't count."""
        return self._covers.deciding(schedule, without)


def _activity(schedule: Schedule) -> ScheduleActivity:
    return ScheduleActivity(
        schedule.slug,
        schedule.uuid,
        schedule.last_run_at,
        schedule.last_run_state,
        schedule.next_run_at,
        schedule.suspended,
    )


def _watched(row: ScheduleActivity, listed: Schedule, covers: CoverCache, *, passed: bool) -> WatchedActivity | None:
    schedule = WatchedSchedule(
        listed.slug,
        listed.name,
        listed.uuid,
        listed.owner,
        listed.git_branch,
        listed.commands,
        suspended=bool(row.suspended),
    )
    channels = covers.channels(schedule)
    if not channels:
        return None
    # A time that has passed is worth one look: its run may not show in the other fields.
    slot = row.next_run_at.isoformat() if row.next_run_at and passed else ""
    last = row.last_run_at.isoformat() if row.last_run_at else ""
    known = hashlib.sha256(repr((schedule, channels)).encode()).hexdigest()[:12]
    activity = "|".join((last, row.last_run_state or "", slot, known))
    is_well = row.last_run_state == "SUCCESS"
    grace_s, is_counted = covers.grace_s(schedule), covers.is_counted(schedule)
    return WatchedActivity(schedule, activity, is_well, row.next_run_at, grace_s, is_counted)


def _slots_after(before: Slots, row: WatchedActivity, at: datetime, listed_at: datetime | None) -> Slots:
    """A schedule's slots after the listing."""
    if not row.has_slots:
        return _NO_SLOTS.slots
    is_judged = row.grace_s is not None
    return note_listing(before, row.next_run_at, at, listed_at, is_judged=is_judged, is_counted=row.is_counted)


def _may_fail(row: WatchedActivity, before: str | None) -> bool:
    """Whether new activity may mean an incident: the last run didn't succeed, or the schedule was known before."""
    return before != row.activity and (before is not None or not row.is_well)
