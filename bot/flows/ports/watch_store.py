"""Ports to Redis for watches, incidents and digests, implemented by `bot.store`. Their records are in `bot.core.model`.

The ports raise only the errors of `bot.core.model.errors`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.model.audit_entry import AuditEntry
from bot.core.model.channel_back import ChannelBack
from bot.core.model.digest import Digest
from bot.core.model.discovery import ActivityNews, Count, Ledger, Looked, ScheduleRecord
from bot.core.model.incident import Incident, QuietEnd, StoredIncident
from bot.core.model.listing_gap import GapNotice, GapRun, ListingGap, StoredNotice
from bot.core.model.notice import Notice, NoticeChange, NoticeRecord
from bot.core.model.outage import CausePost, Outage
from bot.core.model.run import RunKey
from bot.core.model.run_end import RunEnd
from bot.core.model.slots import LateBoard, Slots, StoredBoard, StoredSlots
from bot.core.model.watch import PauseChange, Watch, WatchAcceptance
from bot.core.watching.edits import Edit
from bot.core.watching.file_plan import AppliedPlan, FilePlan
from bot.core.watching.tally import Day
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease


class Watches(Protocol):
    """The watches of all channels."""

    async def add_watch(self, watch: Watch, entry: AuditEntry | None = None) -> WatchAcceptance:
        """Store a new watch, which gets its channel's next number; the given one is ignored.

        In the same step, `entry` is added to the audit log, with the number.
        """

    async def change_watch(self, watch: Watch, entry: AuditEntry | None = None) -> bool:
        """Replace the watch with the same channel and number. Returns False if it's gone."""

    async def remove_watch(self, channel: str, number: int, entry: AuditEntry | None = None) -> bool:
        """Remove a watch. Returns False if it's already gone."""

    async def pause_watches(self, channel: str, numbers: Sequence[int], change: PauseChange) -> list[int]:
        """Pause a channel's watches or resume them, with an audit entry. Returns the numbers of those changed by this call."""

    async def check_channels(self, channels: Iterable[str]) -> None:
        """Have channels checked now, if they have watches."""

    async def leave_channel(self, lease: Lease) -> None:
        """End the checks of the claimed channel, unless it has a watch again."""

    async def move_channel(self, old: str, new: str) -> int:
        """Move the watches and incidents of a channel whose id has changed. Returns how many watches moved."""

    async def all_watches(self) -> tuple[Watch, ...]:
        """Every watch, by channel and number. Kept in memory until one changes."""


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident before (None: there was none) and after a change, and how urgently its message is edited."""

    before: StoredIncident | None
    after: Incident
    edit: Edit


class Incidents(Protocol):
    """Incidents on record."""

    async def load_incident(self, channel: str, schedule: str) -> StoredIncident | None:
        """Load the newest incident of a schedule in a channel, whatever its state."""

    async def open_incidents(self, channel: str | None = None) -> list[StoredIncident]:
        """All open incidents of a channel, or of all channels."""

    async def store_incident(self, before: StoredIncident, after: Incident, edit: Edit) -> bool:
        """Replace an incident, queue the edit of its message, and queue its new thread posts.

        Returns False if somebody else changed it since it was loaded: load it and decide again.
        """


class ChannelsBack(Protocol):
    """The messages about what happened while the bot couldn't post in a channel."""

    async def channel_back(self, channel: str, away: ChannelBack) -> list[str]:
        """Bring a channel's incidents up to date, now that the bot can post there again, and queue its message.

        Returns the schedules of those incidents.
        """

    async def is_held(self, channel: str) -> bool:
        """Whether posts of the channel's incidents are held back, as they are while its watches are paused."""

    async def channel_fit(self, channel: str) -> float | None:
        """Try a channel's refused posts and edits again now, because Slack says that the bot can post there.

        Returns the seconds until the rest is worth another try, or None if nothing is left.
        """

    async def load_channel_back(self, channel: str) -> ChannelBack | None:
        """Load the subject of the message for a channel in which the bot can post again.

        Returns None if there's no message to post.
        """

    async def load_incidents(self, keys: Sequence[tuple[str, str]]) -> list[StoredIncident | None]:
        """Load the newest incident of each channel and schedule."""

    async def channel_back_posted(self, post: ClaimedPost, outcome: str) -> str:
        """Record the message as posted (`outcome`: its ts) or dropped (`outcome`: why).

        Returns `ok`, or `done:<ts>` of the post that another process has sent.
        """


class IncidentAccounts(Protocol):
    """The incidents of one schedule, as far as the accounting of its ends needs them."""

    async def load_incidents(self, keys: Sequence[tuple[str, str]]) -> list[StoredIncident | None]:
        """Load the newest incident of each channel and schedule."""

    async def account(
        self,
        lease: Lease,
        record: ScheduleRecord,
        ledger: Ledger,
        runs: Sequence[RunKey],
        changes: Sequence[IncidentChange],
        counts: Sequence[Count],
        notices: Sequence[NoticeChange] = (),
        untold: Sequence[str] = (),
    ) -> bool:
        """Account for ends once, together with the incidents and notices that they change, and count them.

        `untold` are starts whose end no incident reports: their askers are told next. Returns False if anything has
        changed since it was loaded: load it and decide again.
        """


class Tallies(Protocol):
    """Counts of ends, by day and schedule."""

    async def load_days(self, names: Sequence[str], days: Sequence[str]) -> dict[str, dict[str, Day]]:
        """The counts of schedules, by name and day. Schedules without counts are left out."""


class Digests(Protocol):
    """Channels' digests of the schedules they watch: when each digest is due, and which ones were posted."""

    async def set_digest(self, digest: Digest, at: datetime) -> bool:
        """Set or replace a channel's digest, which is due at `at`. Returns whether one was set before."""

    async def remove_digest(self, channel: str) -> bool:
        """Remove a channel's digest. Returns whether one was set before."""

    async def load_digest(self, channel: str) -> Digest | None: ...
    async def digest_channels(self) -> frozenset[str]:
        """The channels with a digest."""

    async def queue_digest(self, lease: Lease, channel: str, day: str, next_at: datetime) -> bool:
        """Queue the post for a date, unless it was queued before; the channel is due again at `next_at`."""

    async def wait(self, lease: Lease, at: datetime) -> bool:
        """Make the claimed channel due at another time."""

    async def posted_at(self, channel: str, day: str) -> str | None:
        """The ts of a date's digest, or None if there's none."""

    async def digest_posted(self, post: ClaimedPost, day: str, outcome: str, *, follows: str = "") -> str:
        """Record the post as sent or dropped (`outcome`: its ts or file, or why), and queue the next one in its thread.

        Returns `ok`, or `done:<ts>` of the post that another process has sent.
        """


class QuietEnds(Protocol):
    """Incidents that quiet hours withhold, and the messages that list them at the end."""

    async def withheld_in(self, channel: str) -> list[StoredIncident]:
        """The incidents of a channel that withhold something."""

    async def end_quiet(
        self, lease: Lease, end: QuietEnd, after: Sequence[StoredIncident], next_at: datetime | None, waiting: int
    ) -> bool:
        """In one step, queue the message at the end of quiet hours, and record that its incidents withhold no more.

        `after` has all incidents that change, as they are then. `waiting` more incidents still withhold something, and
        are due at `next_at`. Returns False if anything has changed since it was loaded: load it and decide again.
        """

    async def load_end(self, channel: str, name: str) -> QuietEnd | None: ...
    async def end_posted(self, post: ClaimedPost, name: str, outcome: str) -> str:
        """Record the message as sent (`outcome`: its ts) or given up on (`outcome`: why).

        Returns `ok`, or `done:<ts>` of the post that another process has sent.
        """


class IncidentPosts(Protocol):
    """The part of the incident store that posts of incidents need."""

    async def load_incident(self, channel: str, schedule: str) -> StoredIncident | None: ...
    async def posted(self, post: ClaimedPost, outcome: str, *, follows: str = "") -> str:
        """Record a thread post as sent (`outcome`: its ts) or given up on (`outcome`: why).

        `follows` is the log or file that is queued next. Returns `ok`, or `done:<ts>` of the post that another process has sent.
        """

    async def store_incident(self, before: StoredIncident, after: Incident, edit: Edit) -> bool: ...
    async def message_deleted(self, lease: Lease, stored: StoredIncident) -> None:
        """Record that the message was deleted. A new one is posted, unless the incident is snoozed or closed."""

    async def message_posted(self, post: ClaimedPost, stored: StoredIncident, ts: str, *, is_newest: bool) -> str:
        """Record that an incident's message was posted; an edit follows unless it shows `stored` (`is_newest`).

        Returns `ok`, or `done:<ts>` if another process has already posted the message.
        """


class Outages(Protocol):
    """Outages on record: incidents that share one message."""

    async def load_outage(self, channel: str, number: int) -> Outage | None:
        """Load an outage with the incidents that belong to it."""

    async def mentions_left(self, channel: str, number: int, most: int) -> int:
        """How many more people an outage may notify."""

    async def plan_posts(self, outage: Outage, new: Sequence[CausePost]) -> bool:
        """Queue thread posts about causes. Returns False if somebody else has added posts."""

    async def posted(
        self,
        post: ClaimedPost,
        outage: Outage,
        outcome: str,
        *,
        mentions: int = 0,
        follows: str = "",
        is_newest: bool | None = None,
    ) -> str:
        """Record a thread post as sent (`outcome`: its ts) or not (`outcome`: why), and how many people it notified.

        `follows` is the file that is queued next. `is_newest`: for a line about the outage's state, whether it shows
        the newest state, `outage`. Returns `ok`, or `done:<ts>` of the post that another process has sent.
        """

    async def message_posted(self, post: ClaimedPost, outage: Outage, ts: str, *, is_newest: bool) -> str:
        """Record that an outage's message was posted; an edit follows unless it shows `outage` (`is_newest`).

        Returns `ok`, or `done:<ts>` of the message that another process has posted.
        """

    async def message_deleted(self, outage: Outage) -> None:
        """Record that the message was deleted. A new one is posted, unless all of its incidents are closed."""

    async def mark_uneditable(self, outage: Outage) -> bool:
        """Record that the message can't be edited anymore: changes are posted in its thread.

        Returns False if that was already known, or if there's another message.
        """

    async def drop_post(self, post: ClaimedPost, number: int) -> None:
        """Drop a post about an outage that is no longer on record, or is no longer shown."""


class ListingGaps(Protocol):
    """Gaps between complete listings of schedules, the runs that they hid, and the messages about them."""

    async def note_failure(self, at: datetime, why: str) -> None:
        """Record that schedules couldn't be listed at `at` by Bolt's clock.

        A gap begins when that has lasted ten minutes.
        """

    async def begin_collecting(self, since: datetime, until: datetime, slugs: Sequence[str]) -> None:
        """Begin the search for the runs that a gap hid: all of these schedules are looked at now."""

    async def load_gap(self, number: str) -> ListingGap | None: ...
    async def collecting(self) -> ListingGap | None:
        """The gap whose hidden runs are being found, or None if there's none."""

    async def await_ends(self, number: int, slug: str, runs: Sequence[int]) -> None:
        """Record ends that were found and aren't accounted for yet."""

    async def looked(self, number: int, slugs: Sequence[str]) -> None:
        """Record that these schedules' runs have been looked at."""

    async def left(self, number: int) -> tuple[int, Mapping[str, list[int]]]:
        """How many schedules haven't been looked at, and the awaited ends by schedule."""

    async def complete(self, lease: Lease) -> bool:
        """Complete a gap, and queue its account for each watching channel. Returns False if the claim was lost."""

    async def skip_account(self, lease: Lease, channel: str, number: int) -> None:
        """Skip a channel whose watches are paused: reports withheld for it are listed without an account of the gap."""

    async def note_runs(self, number: int, channel: str, runs: Sequence[GapRun]) -> None:
        """Record the runs that a channel's account of a gap lists."""

    async def runs_in(self, number: int, channel: str) -> list[GapRun]: ...
    async def load_notice(self, channel: str, number: str) -> StoredNotice | None: ...
    async def account_comes(self, channel: str) -> bool:
        """Whether a channel's account of a gap is still pending, or a gap's hidden runs are still being found."""

    async def queue_message(self, lease: Lease, notice: GapNotice, after: Sequence[StoredIncident]) -> bool:
        """Queue a channel's message, or its edit, and record that these incidents withhold nothing anymore.

        Returns False if anything has changed since it was loaded: load it and decide again.
        """

    async def message_posted(self, post: ClaimedPost, stored: StoredNotice, ts: str) -> str:
        """Record that a channel's message was posted. Returns `ok`, or `done:<ts>` if another process posted one."""

    async def posted(self, post: ClaimedPost, number: str, outcome: str) -> str:
        """Record a post in the message's thread as sent (`outcome`: its ts or file) or dropped (`outcome`: why)."""

    async def message_deleted(self, card: str, channel: str, number: str, ts: str, *, again: bool) -> None:
        """Forget a message that was deleted; `again`: post a new one instead."""


class DiscoveryHints(Protocol):
    """Listings that webhook hints ask for, shared by all replicas: at most one in 2 s, and 30 requests a minute."""

    async def ask_for_listing(self, keys: Sequence[RunKey]) -> bool:
        """List schedules now, and again after 2, 5 and 15 s, if any of these runs isn't on record.

        Returns whether the next listing is due earlier as a result. Without any watch, nothing is listed.
        """

    async def take_hints(self) -> bool:
        """Take the hints that asked for the listing that begins now. Returns whether there were any."""

    async def look_everywhere(self, together: int) -> int:
        """Make all watched schedules due for a look, `together` of them per request.

        Returns how many were made due: 0 if that would take more requests than hints may cause in a minute.
        """


class NoticePosts(Protocol):
    """The operations on notices that posting and accounting need."""

    async def load_notice(self, channel: str, name: str) -> NoticeRecord | None: ...
    async def load_notices(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRecord | None]:
        """Load notices by channel and name."""

    async def notice_posted(self, post: ClaimedPost, stored: NoticeRecord, ts: str) -> str:
        """Record the message of a notice. Returns `ok`, or `done:<ts>` of the message that another process has posted."""

    async def notice_given_up(self, post: ClaimedPost, name: str, why: str) -> None: ...


class SlowChecks(Protocol):
    """Checks of whether runs are slow."""

    async def checked(self, lease: Lease, notices: Sequence[Notice], *, again_s: float | None) -> bool:
        """Record a check of a run, with new notices, once each. `again_s` is None if it was the last."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """The changes that one check for late schedules makes.

    `schedules` has each schedule's slots before and after the check, and the seconds until the next check. `boards`
    has each channel's late schedules before and after the check. `notices` has the new and changed notices.
    """

    schedules: Mapping[str, tuple[StoredSlots, Slots, float | None]]
    boards: Mapping[str, tuple[StoredBoard, LateBoard]]
    notices: Sequence[NoticeChange] = ()


class LateSchedules(Protocol):
    """Slots of schedules, and which schedules are late in which channel."""

    async def load_slots(self, slugs: Sequence[str]) -> dict[str, StoredSlots]:
        """Load the slots of schedules; those without any are left out."""

    async def all_slots(self) -> dict[str, StoredSlots]:
        """Load the slots of all schedules that have any."""

    async def late_boards(self) -> dict[str, StoredBoard]:
        """Load each channel's late schedules. Channels without late schedules are left out."""

    async def load_notices(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRecord | None]: ...
    async def judged(self, lease: Lease, judgment: Judgment) -> bool:
        """Record a judgment. Returns False if anything has changed since it was loaded: load it and decide again."""


class Discovery(Protocol):
    """Discovery's records of watched schedules and their runs."""

    async def missing_since(self) -> Mapping[str, datetime]:
        """The times at which watched schedules were first missing from the listing, by slug, on Bolt's clock."""

    async def note_missing(self, missing: Mapping[str, datetime], found: Collection[str]) -> None:
        """Record the times at which schedules went missing, and the schedules that were found again."""

    async def known_activity(self) -> Mapping[str, str]:
        """The activity of each watched schedule at the last listing, by slug."""

    async def listed_at(self) -> datetime | None:
        """Bolt's time of the last complete listing, or None if there was none."""

    async def note_activity(self, lease: Lease, news: ActivityNews, at: datetime, *, delay_s: float) -> bool:
        """Record a complete listing of schedules, made at `at` by Bolt's clock. Changed schedules are looked at now."""

    async def load_schedules(self, slugs: Sequence[str]) -> dict[str, ScheduleRecord]:
        """Load the records of watched schedules. Schedules without a record are left out."""

    async def rename_schedule(self, old: str, new: str) -> list[str]:
        """Move all that's known about a schedule to another slug. Returns the channels that have an incident for it."""

    async def note_look(self, lease: Lease, slug: str, rev: int, looked: Looked, *, delay_s: float) -> bool:
        """Record the findings of a look at a schedule. Returns False if the schedule has to be looked at again."""

    async def ended_runs(self, slug: str) -> list[RunEnd]:
        """The ends of runs that wait to be accounted for, in the order in which the runs ended."""


class WatchRecords(Protocol):
    """All watches, for comparison with the watches file."""

    async def read_watches(self) -> tuple[str, tuple[Watch, ...]]:
        """Every watch, with the revision for `apply_plan`."""

    async def apply_plan(self, rev: str, plan: FilePlan) -> AppliedPlan | None:
        """Apply the watches file's changes. Returns None if a watch has changed since."""

    async def is_marked(self) -> bool:
        """Whether Redis has a record of an earlier start."""


class OwnerUsers(Protocol):
    """Users by their email address, as Slack reported them, kept for a day."""

    async def users_of(self, addresses: Sequence[str]) -> dict[str, str]:
        """The users' ids by address ("" if Slack knows none). Addresses that weren't looked up are left out."""

    async def want(self, slugs: Sequence[str]) -> None:
        """Have the owners of these schedules looked up."""

    async def keep(self, address: str, user: str, *, for_s: float) -> None:
        """Cache the user with an address, or "" if nobody has it."""

    async def finish(self, lease: Lease, found: tuple[str, str] | None = None, *, for_s: float = 0) -> None:
        """Finish a claim on a schedule whose owner was looked up. `found` is an address and its user, as for `keep`."""
