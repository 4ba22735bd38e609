"""Ports to Redis, implemented by `bot.store`. Their records are in `bot.core.model`.

They raise only the errors of `bot.core.model.errors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.model.admission import Admitted
from bot.core.model.asker import Asker
from bot.core.model.audit_entry import AuditEntry
from bot.core.model.cancel_wish import WishAnswer
from bot.core.model.card import Card
from bot.core.model.channel_report import ChannelReport
from bot.core.model.delivery import DeliveryState
from bot.core.model.discovery import ActivityNews, Ledger, Looked, ScheduleRecord
from bot.core.model.follow_request import FollowAcceptance, Followed, FollowRequest
from bot.core.model.incident import Incident, QuietEnd, StoredIncident
from bot.core.model.listing_gap import GapNotice, GapRun, ListingGap, StoredNotice
from bot.core.model.log_tail import LogBatch, LogTail, TailAcceptance, TailPosted
from bot.core.model.notice import Notice, NoticeChange, NoticeRecord
from bot.core.model.outage import CausePost, Outage
from bot.core.model.polling import Observed, Stored, Strayed, StrayRule
from bot.core.model.post_attempt import AttemptMode, PostAttempt
from bot.core.model.report import Report
from bot.core.model.request import Approval, BlockingRun, Request, Rival, StartPlan
from bot.core.model.run import CardRef, End, Observation, Run, RunFacts, RunKey
from bot.core.model.run_end import RunEnd
from bot.core.model.run_index import Habits, IndexPage
from bot.core.model.slots import LateBoard, Slots, StoredBoard, StoredSlots
from bot.core.model.start import (
    Acceptance,
    Accepted,
    Asked,
    Decided,
    LeftQueue,
    QueuePage,
    Sending,
    ShownInIncident,
    Turn,
)
from bot.core.model.upload import Upload, UploadAnswer, UploadOutcome
from bot.core.model.watch import PauseChange, Watch, WatchAcceptance
from bot.core.watching.edits import Edit
from bot.core.watching.file_plan import AppliedPlan, FilePlan
from bot.core.watching.tally import Count, Day
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease


class Deduplication(Protocol):
    """Deduplication of deliveries of one kind, because Slack may deliver the same thing twice.

    Both methods raise StoreUnavailable.
    """

    async def begin(self, delivery: str) -> DeliveryState: ...
    async def done(self, delivery: str) -> None: ...


class Requests(Protocol):
    """Starts on record. A step returns False if the claim or the state has moved on."""

    async def accept(self, asked: Asked) -> Accepted: ...
    async def load_request(self, request_id: str) -> Request | None: ...
    async def looked(self, lease: Lease, request: Request, plan: StartPlan) -> bool: ...
    async def pending(self, lease: Lease, request: Request, plan: StartPlan, approval: Approval) -> bool: ...
    async def approved(self, lease: Lease, request: Request, plan: StartPlan) -> bool: ...
    async def decide(self, request: Request, user: str, *, yes: bool, why: str = "") -> Decided:
        """Record an approval or denial; the first one counts."""

    async def refused(
        self,
        lease: Lease,
        request: Request,
        why: str,
        *,
        running: BlockingRun | None = None,
        near: tuple[str, ...] = (),
    ) -> bool: ...
    async def closed(self, lease: Lease, request: Request) -> bool: ...
    async def begin_sending(self, lease: Lease, request: Request, *, deadline_s: float, lease_s: float) -> Sending: ...
    async def not_sent(self, lease: Lease, request: Request, *, delay_s: float) -> bool: ...
    async def looking(self, lease: Lease, request: Request, *, delay_s: float) -> bool: ...
    async def unclear(self, lease: Lease, request: Request, candidates: tuple[int, ...], *, delay_s: float) -> bool: ...
    async def settle(self, request: Request, key: RunKey, *, told: bool, card_url: str | None = None) -> None: ...
    async def rivals(self, request: Request) -> tuple[Rival, ...]: ...
    async def unsettled_starts(self, schedule: str) -> tuple[Rival, ...]:
        """A schedule's starts that were sent and whose outcome is unknown."""

    async def lock(self, request: Request, hold_s: float) -> bool: ...
    async def unlock(self, request: Request) -> None: ...


class RunFollowers(Protocol):
    """Requests to follow runs in channels."""

    async def add_follow_request(self, asker: Asker, key: RunKey, facts: RunFacts) -> tuple[FollowAcceptance, str]:
        """Record a request. Returns `new`, `known` (and who asked first) or `card` (and its name)."""

    async def load_follow_request(self, name: str) -> FollowRequest | None: ...
    async def adopt(self, lease: Lease, follow_request: FollowRequest, facts: RunFacts, seen: Observation) -> Followed:
        """Follow the run; its card waits for a slot. Returns `ok`, `lost` or `final`."""

    async def posted(self, post: ClaimedPost, follow_request: FollowRequest, card: CardRef, revision: str) -> str:
        """Record its posted card. Returns `ok`, `gone`, or the name of the other card that it has there."""

    async def refuse(self, post: ClaimedPost, follow_request: FollowRequest, why: str) -> None: ...
    async def close(self, lease: Lease) -> None: ...


class StartQueue(Protocol):
    """Queued starts, each waiting for a run of its schedule to end."""

    async def enqueue(
        self, asked: Asked, plan: StartPlan, behind: RunKey, facts: RunFacts, *, most: int
    ) -> tuple[Acceptance, str]:
        """Record it. Returns `new`, `known`, `same` or `full`, and the request's id."""

    async def check_turn(self, lease: Lease, *, longest_s: float, again_s: float) -> Turn:
        """Check a start's turn. Returns `turn`, `late` or `unseen` (still claimed), `wait`, `gone` or `lost`."""

    async def take_turn(self, lease: Lease, request: Request, plan: StartPlan) -> bool: ...
    async def requeue(
        self, lease: Lease, request: Request, behind: RunKey | None, facts: RunFacts, *, delay_s: float
    ) -> bool:
        """Queue a start again, in its old place, because another one overtook it."""

    async def queued_of(self, user: str, *, most: int) -> QueuePage: ...
    async def queued_in(self, channel: str, *, most: int) -> QueuePage: ...

    async def leave_queue(self, request_id: str, why: str, user: str = "") -> LeftQueue:
        """Remove a start from the queue."""


class Runs(Protocol):
    """Runs on record."""

    async def load_run(self, key: RunKey) -> Run | None: ...
    async def load_card(self, team: str, card: CardRef) -> Card | None: ...
    async def known(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def started_by_us(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def overridden(self, workspace: str, run_ids: Sequence[int]) -> frozenset[int]: ...
    async def restore_run(
        self, key: RunKey, facts: RunFacts, seen: Observation, team: str, card: CardRef, *, over: bool
    ) -> None: ...
    async def card_in(self, key: RunKey, channel: str) -> CardRef | None: ...
    async def cards_of(self, key: RunKey) -> dict[str, CardRef]: ...
    async def store_observations(self, lease: Lease, claimed_us: int, observed: Sequence[Observed]) -> list[Stored]: ...
    async def make_due_now(self, keys: Sequence[RunKey], *, gap_s: float) -> int: ...
    async def stray(self, lease: Lease, rule: StrayRule) -> dict[str, Strayed]: ...
    async def conclude(self, lease: Lease, run: Run, end: End) -> bool: ...
    async def late_log(self, lease: Lease, run: Run, end: End) -> None: ...
    async def final_since_s(self, key: RunKey) -> float: ...
    async def record_wish(
        self, key: RunKey, asker: Asker, at: datetime, facts: RunFacts, seen: Observation, card: CardRef | None
    ) -> WishAnswer: ...
    async def wisher(self, key: RunKey) -> Asker | None: ...
    async def cancel_asked(self, lease: Lease, key: RunKey, *, most: int) -> int: ...
    async def cancel_tries(self, key: RunKey) -> int: ...
    async def cancel_not_asked(self, key: RunKey) -> None: ...
    async def drop_wish(self, lease: Lease, key: RunKey, *, keep: bool) -> None: ...
    async def actor(self, workspace: str) -> str | None: ...
    async def learn_actor(self, workspace: str, actor: str) -> None: ...


class Admissions(Protocol):
    """Rate limits on requests, and which deliveries were handled. All copies of one have the same `delivery`."""

    async def admit(self, user: str, channel: str, delivery: str) -> Admitted:
        """Whether to handle a request. An empty channel or delivery isn't counted. Raises StoreUnavailable."""

    async def done(self, delivery: str) -> None:
        """Record that a delivery was handled and acknowledged. Raises StoreUnavailable."""


class Due(Protocol):
    """A due set, as far as flows with a claim on it need it."""

    async def renew(self, lease: Lease) -> int: ...
    async def give_back(self, lease: Lease, *, delay_s: float = 0) -> None: ...
    async def finish(self, lease: Lease) -> None: ...
    async def hold(self, for_s: float) -> None: ...


class EditLane(Protocol):
    """The lane of cards to edit."""

    async def load_card(self, item: str) -> Card | None: ...
    async def shown(self, lease: Lease, revision: str) -> str: ...
    async def put_back(self, lease: Lease, *, delay_s: float) -> None: ...
    async def unshowable(self, lease: Lease, why: str) -> None: ...
    async def hold(self, for_s: float) -> None: ...


class PostLane(Protocol):
    """The lane of posts to send."""

    async def load_card(self, item: str) -> Card | None: ...
    async def attempt(self, post: ClaimedPost, mode: AttemptMode = "first") -> PostAttempt: ...
    async def put_back(self, post: ClaimedPost, *, delay_s: float, record: str | None = None) -> None: ...
    async def carded(self, post: ClaimedPost, request_id: str, team: str, card: CardRef) -> bool: ...
    async def shown_in_incident(self, post: ClaimedPost, request_id: str) -> ShownInIncident:
        """Whether the message of an incident shows a start by now, which is sent then."""

    async def refuse(self, post: ClaimedPost, request_id: str, why: str) -> None: ...
    async def posted(self, post: ClaimedPost, card: str, outcome: str, *, next_item: str = "") -> str: ...
    async def load_digest(self, name: str) -> tuple[str, ...]: ...
    async def digested(self, post: ClaimedPost, name: str, ts: str, logs: Mapping[str, bool]) -> str: ...
    async def undigest(self, post: ClaimedPost, name: str, urgencies: Mapping[str, str]) -> None: ...
    async def unreachable_why(self, channel: str) -> str | None: ...
    async def mark_unreachable(self, channel: str, why: str, *, for_s: float) -> None: ...
    async def mark_reachable(self, channel: str) -> None: ...
    async def note_file(self, card: str, file_id: str) -> None: ...
    async def note_attachment(self, post: ClaimedPost, file_id: str) -> None:
        """Record a file that is uploaded and not shared yet, beside the record of the attempts to post it."""

    async def attachment_of(self, post: ClaimedPost) -> str | None:
        """The file that an earlier attempt has uploaded."""

    async def hold(self, for_s: float) -> None: ...


class Indexes(Protocol):
    """Indexes of runs by person and channel. All methods raise StoreUnavailable."""

    async def active_of(self, user: str, *, skip: int = 0, most: int) -> IndexPage: ...
    async def active_in(
        self, channels: Sequence[str], *, skip: int = 0, most: int, without: str | None = None
    ) -> IndexPage: ...
    async def failed(self, user: str, channels: Sequence[str], *, skip: int = 0, most: int) -> IndexPage: ...
    async def newest_in(self, channel: str) -> IndexPage: ...
    async def habits(self, user: str, *, skip: int = 0, most: int) -> Habits: ...


class Audit(Protocol):
    """The audit log. All methods raise StoreUnavailable."""

    async def add_entry(self, entry: AuditEntry) -> None: ...
    async def now(self) -> datetime:
        """The time on the clock that dates the entries."""

    def newest_entries(self) -> AsyncIterator[AuditEntry]:
        """Yield every entry, newest first."""


class Uploads(Protocol):
    """Files that people asked for, waiting for a slot in the lane of posts."""

    async def add_upload(self, upload: Upload, *, posts_it_anyway: bool, most: int) -> UploadAnswer: ...
    async def load_upload(self, name: str) -> Upload | None: ...
    async def note_file(self, name: str, file_id: str) -> None: ...
    async def finish_upload(self, post: ClaimedPost, name: str, outcome: UploadOutcome) -> str: ...


class LogTails(Protocol):
    """Live logs, one per run and channel."""

    async def begin_tail(self, key: RunKey, asker: Asker, command: int, *, most: int) -> TailAcceptance: ...
    async def load_tail(self, name: str) -> LogTail | None: ...
    async def drop_tail(self, name: str) -> bool: ...
    async def clear(self, name: str) -> None: ...
    async def note_progress(self, lease: Lease, command: int, cursor: str, refused: int, *, delay_s: float) -> None: ...
    async def push_batch(self, lease: Lease, batch: LogBatch, *, delay_s: float) -> bool: ...
    async def posted(self, post: ClaimedPost, tail: LogTail, *, delay_s: float) -> TailPosted: ...


class Watches(Protocol):
    """Watches of channels: their standing orders."""

    async def add_watch(self, watch: Watch, entry: AuditEntry | None = None) -> WatchAcceptance:
        """Store a new watch, which gets its channel's next number; the given one is ignored.

        In the same step, `entry` is added to the audit log, with the number.
        """

    async def change_watch(self, watch: Watch, entry: AuditEntry | None = None) -> bool:
        """Replace the watch with the same channel and number. Returns False if it's gone."""

    async def remove_watch(self, channel: str, number: int, entry: AuditEntry | None = None) -> bool:
        """Remove a watch. Returns False if it's gone already."""

    async def pause_watches(self, channel: str, numbers: Sequence[int], change: PauseChange) -> list[int]:
        """Pause watches of a channel, or let them go on; on record. Returns the numbers of those changed by this call."""

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


class ChannelReports(Protocol):
    """Reports of what happened while the bot was away from a channel."""

    async def channel_back(self, channel: str, away: ChannelReport) -> list[str]:
        """Bring a channel's incidents up to date, now that the bot can post there again, and queue a report.

        Returns their schedules.
        """

    async def load_report(self, channel: str) -> ChannelReport | None:
        """Load what a report of a channel is about. None if there's none to post."""

    async def load_incidents(self, keys: Sequence[tuple[str, str]]) -> list[StoredIncident | None]:
        """Load the newest incident of each channel and schedule."""

    async def report_posted(self, post: ClaimedPost, outcome: str) -> str:
        """Record a report as posted (`outcome`: its ts) or dropped (a word).

        Returns `ok`, or `done:<ts>` of another's post.
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
        """Account ends once, together with the incidents and notices that they change, and count them.

        `untold` are starts whose end no incident tells of: their askers are told next. Returns False if anything has changed since it was loaded: load it and decide again.
        """


class Tallies(Protocol):
    """Counts of ends, by day and schedule."""

    async def load_days(self, names: Sequence[str], days: Sequence[str]) -> dict[str, dict[str, Day]]:
        """The counts of schedules, by name and day. What has none is left out."""


class Reports(Protocol):
    """Digests of what channels watch: when each channel's is posted, and which were."""

    async def set_report(self, report: Report, at: datetime) -> bool:
        """Set or replace a channel's, which is due at `at`. Returns whether one was set before."""

    async def remove_report(self, channel: str) -> bool:
        """Set none any more. Returns whether one was set before."""

    async def load_report(self, channel: str) -> Report | None: ...
    async def queue_report(self, lease: Lease, channel: str, day: str, next_at: datetime) -> bool:
        """Queue the post for a date, unless it was before; the channel is due again at `next_at`."""

    async def wait(self, lease: Lease, at: datetime) -> bool:
        """Make the claimed channel due at another time."""

    async def report_posted(self, post: ClaimedPost, day: str, outcome: str) -> str:
        """Record the post as sent (`outcome`: its ts) or given up (a word).

        Returns `ok`, or `done:<ts>` of another's post.
        """


class QuietEnds(Protocol):
    """What quiet hours withhold, and the messages that list it at their end."""

    async def withheld_in(self, channel: str) -> list[StoredIncident]:
        """The incidents of a channel that withhold something."""

    async def end_quiet(
        self, lease: Lease, end: QuietEnd, after: Sequence[StoredIncident], next_at: datetime | None, waiting: int
    ) -> bool:
        """Queue the message of an end, and record that its incidents withhold nothing any more, in one step.

        `after` are all incidents that change. `waiting` others still withhold something, and are due at `next_at`.
        Returns False if anything has changed since it was loaded: load it and decide again.
        """

    async def load_end(self, channel: str, name: str) -> QuietEnd | None: ...
    async def end_posted(self, post: ClaimedPost, name: str, outcome: str) -> str:
        """Record the message as sent (`outcome`: its ts) or given up (a word).

        Returns `ok`, or `done:<ts>` of another's post.
        """


class IncidentPosts(Protocol):
    """Incidents, as far as posting their messages needs them."""

    async def load_incident(self, channel: str, schedule: str) -> StoredIncident | None: ...
    async def posted(self, post: ClaimedPost, outcome: str, *, follows: str = "") -> str:
        """Record a thread post as sent (`outcome`: its ts) or given up (a word). `follows` is what comes after it.

        Returns `ok`, or `done:<ts>` of another's post.
        """

    async def store_incident(self, before: StoredIncident, after: Incident, edit: Edit) -> bool: ...
    async def message_gone(self, lease: Lease, stored: StoredIncident) -> None:
        """Record that the message was deleted. A new one is posted, unless the incident is snoozed or closed."""

    async def message_posted(self, post: ClaimedPost, stored: StoredIncident, ts: str, *, is_newest: bool) -> str:
        """Record the message as it was posted; it's edited unless it shows `stored` (`is_newest`). Returns `ok`, or `done:<ts>` of another's message."""


class Outages(Protocol):
    """Outages on record: incidents that share one message."""

    async def load_outage(self, channel: str, number: int) -> Outage | None:
        """Load an outage with the incidents that belong to it."""

    async def mentions_left(self, channel: str, number: int, most: int) -> int:
        """How many more people an outage may notify."""

    async def plan_posts(self, outage: Outage, new: Sequence[CausePost]) -> bool:
        """Queue thread posts about causes. Returns False if somebody else has added posts."""

    async def posted(
        self, post: ClaimedPost, outage: Outage, outcome: str, *, mentions: int = 0, follows: str = ""
    ) -> str:
        """Record a thread post as sent (`outcome`: its ts) or given up (a word), and how many people it notified.

        `follows` is the file that comes after it.

        Returns `ok`, or `done:<ts>` of another's post.
        """

    async def message_posted(self, post: ClaimedPost, outage: Outage, ts: str, *, is_newest: bool) -> str:
        """Record the message as it was posted; it's edited unless it shows `outage` (`is_newest`). Returns `ok`, or `done:<ts>` of another's message."""

    async def message_gone(self, outage: Outage) -> None:
        """Record that the message was deleted. A new one is posted, unless all of its incidents are closed."""

    async def gone(self, post: ClaimedPost, number: int) -> None:
        """Give up a post of an outage that is no longer on record."""


class ListingGaps(Protocol):
    """Gaps between complete listings of schedules, what they have hidden, and the messages about them."""

    async def note_failure(self, at: datetime, why: str) -> None:
        """Record that schedules couldn't be listed at `at` by Bolt's clock.

        A gap begins when that has been so for ten minutes.
        """

    async def begin_collecting(self, since: datetime, until: datetime, slugs: Sequence[str]) -> None:
        """Begin the search for what a gap has hidden: all of these schedules are looked at now."""

    async def load_gap(self, number: str) -> ListingGap | None: ...
    async def collecting(self) -> ListingGap | None:
        """The gap whose hidden runs are being found, None if there's none."""

    async def await_ends(self, number: int, slug: str, runs: Sequence[int]) -> None:
        """Record ends that are found and not accounted yet."""

    async def looked(self, number: int, slugs: Sequence[str]) -> None:
        """Record that these schedules' runs have been looked at."""

    async def left(self, number: int) -> tuple[int, Mapping[str, list[int]]]:
        """How many schedules haven't been looked at, and the awaited ends by schedule."""

    async def complete(self, lease: Lease) -> bool:
        """Everything is found: each watching channel gets its account. Returns False if the claim was lost."""

    async def note_runs(self, number: int, channel: str, runs: Sequence[GapRun]) -> None:
        """Record runs that a channel's account lists."""

    async def runs_in(self, number: int, channel: str) -> list[GapRun]: ...
    async def load_notice(self, channel: str, number: str) -> StoredNotice | None: ...
    async def report(self, lease: Lease, notice: GapNotice, after: Sequence[StoredIncident]) -> bool:
        """Queue a channel's message, or its edit, and record that these incidents withhold nothing any more.

        Returns False if anything has changed since it was loaded: load it and decide again.
        """

    async def message_posted(self, post: ClaimedPost, stored: StoredNotice, ts: str) -> str:
        """Record a channel's message. Returns `ok`, or `done:<ts>` of another's message."""

    async def posted(self, post: ClaimedPost, number: str, outcome: str) -> str:
        """Record a post in the message's thread as sent (`outcome`: its ts or file) or given up (a word)."""

    async def message_gone(self, card: str, channel: str, number: str, ts: str) -> None:
        """Post a new message instead of one that was deleted."""


class DiscoveryHints(Protocol):
    """Listings that webhook hints ask for, shared by all replicas: at most one in 2 s, and 30 requests a minute."""

    async def ask_for_listing(self, keys: Sequence[RunKey]) -> bool:
        """List schedules now, and again after 2, 5 and 15 s, if any of these runs isn't on record.

        Returns whether the next listing is due earlier for it. Without any watch nothing is listed.
        """

    async def take_hints(self) -> bool:
        """Take the hints that the listing which begins now is for. Returns whether there were any."""

    async def look_everywhere(self, together: int) -> int:
        """Make all watched schedules due for a look, `together` with each request.

        Returns how many are: none if that's more requests than hints may cause in a minute.
        """


class NoticePosts(Protocol):
    """Notices, as far as posting and accounting need them."""

    async def load_notice(self, channel: str, name: str) -> NoticeRecord | None: ...
    async def load_notices(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRecord | None]:
        """Load notices by channel and name."""

    async def notice_posted(self, post: ClaimedPost, stored: NoticeRecord, ts: str) -> str:
        """Record the message of a notice. Returns `ok`, or `done:<ts>` of another's message."""

    async def notice_given_up(self, post: ClaimedPost, name: str, why: str) -> None: ...


class SlowChecks(Protocol):
    """Checks of whether runs are slow."""

    async def checked(self, lease: Lease, notices: Sequence[Notice], *, again_s: float | None) -> bool:
        """Record a check of a run, with new notices, once each. `again_s` is None if it was the last."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a look at late schedules changes.

    `schedules`: for each its slots before and after, and when to look again. `boards`: for each channel what was late
    and what is. `notices` are those that are new or changed.
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
        """Load what is late in each channel; those in which nothing is are left out."""

    async def load_notices(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRecord | None]: ...
    async def judged(self, lease: Lease, judgment: Judgment) -> bool:
        """Record it. Returns False if anything has changed since it was loaded: load it and decide again."""


class Discovery(Protocol):
    """What discovery knows of watched schedules and their runs."""

    async def missing_since(self) -> Mapping[str, datetime]:
        """Since when watched schedules are missing from the listing, by slug and Bolt's clock."""

    async def note_missing(self, missing: Mapping[str, datetime], found: Collection[str]) -> None:
        """Record since when schedules are missing, and which aren't any more."""

    async def known_activity(self) -> Mapping[str, str]:
        """The activity of each watched schedule at the last listing, by slug."""

    async def listed_at(self) -> datetime | None:
        """Bolt's time of the last complete listing, None if there was none."""

    async def note_activity(self, lease: Lease, news: ActivityNews, at: datetime, *, delay_s: float) -> bool:
        """Record a complete listing of schedules, made at `at` by Bolt's clock. The changed ones are looked at now."""

    async def load_schedules(self, slugs: Sequence[str]) -> dict[str, ScheduleRecord]:
        """Load the records of watched schedules. Those that aren't on record are left out."""

    async def rename_schedule(self, old: str, new: str) -> list[str]:
        """Have all that's known of a schedule go on under another slug. Returns the channels with an incident of it."""

    async def note_look(self, lease: Lease, slug: str, rev: int, looked: Looked, *, delay_s: float) -> bool:
        """Record what a look at a schedule's runs has found. Returns False if it has to be looked at again."""

    async def ended_runs(self, slug: str) -> list[RunEnd]:
        """The ends that wait to be accounted, in the order of their ends."""


class WatchRecords(Protocol):
    """All watches, as the watches file is compared with them."""

    async def read_watches(self) -> tuple[str, tuple[Watch, ...]]:
        """Every watch, with the revision for `apply_plan`."""

    async def apply_plan(self, rev: str, plan: FilePlan) -> AppliedPlan | None:
        """Apply what the watches file changes. Returns None if a watch has changed since."""

    async def is_marked(self) -> bool:
        """Whether Redis has a record of an earlier start."""


class OwnerUsers(Protocol):
    """Users by their e-mail address, as Slack told, for a day."""

    async def users_of(self, addresses: Sequence[str]) -> dict[str, str]:
        """The users' ids by address, "" if Slack knows none. Addresses that weren't looked up are left out."""

    async def want(self, slugs: Sequence[str]) -> None:
        """Have the owners of these schedules looked up."""

    async def keep(self, address: str, user: str, *, for_s: float) -> None:
        """Keep the user with an address, "" if there's none."""

    async def finish(self, lease: Lease, found: tuple[str, str] | None = None, *, for_s: float = 0) -> None:
        """Finish a claim on a schedule whose owner was looked up. `found` is an address and its user, as for `keep`."""
