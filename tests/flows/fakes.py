"""Small fakes of the ports: a Bolt and a Slack that keep what was asked of them, and fail as a test wants.

Flows take them as their ports, so the type checker sees it if a port changes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.core.insight.history import History
from bot.core.model.bolt import (
    Command,
    CommandOutput,
    LogPage,
    Resource,
    RunStatus,
    RunSummary,
    Schedule,
    ScheduleActivity,
    ScheduleDetails,
    Trigger,
)
from bot.core.model.channel import ChannelInfo, ChannelKind, ChannelState, MemberChannels
from bot.core.model.errors import (
    ApiError,
    BoltError,
    BoltOutcomeUnknown,
    BoltRejected,
    BotError,
    ChartFailed,
    ScopeMissing,
    SlackError,
    SlackOutcomeUnknown,
)
from bot.core.model.incident import Incident, StoredIncident
from bot.core.model.person import Person, Role
from bot.core.model.polling import Polled
from bot.core.model.sent_message import (
    MessageAbsent,
    MessageButton,
    MessageFound,
    SearchInconclusive,
    SlackMessage,
)
from bot.core.text.message import Buttons, Message
from bot.core.text.text import Sentence
from bot.core.watching.edits import Edit
from bot.core.watching.report_chart import ReportChart
from tests.core.views.plain import said

NIGHTLY = Schedule(1, "u-1", "Nightly full build", "nightly", "OFF", "ui", commands=("dbt build",), git_branch="main")
HOURLY = Schedule(2, "u-2", "Hourly", "hourly", "OFF", "ui", commands=("dbt run",), git_branch="main")
OUR_ACTOR = "API key of the bot"


class Faults:
    """What goes wrong with the next calls of each method, in turn."""

    def __init__(self, lost: type[BotError]) -> None:
        self._lost = lost
        self._before: dict[str, list[BotError]] = defaultdict(list)
        self._after: dict[str, int] = defaultdict(int)
        self.always: dict[str, BotError] = {}

    def fail(self, method: str, *errors: BotError) -> None:
        """The next calls fail, and nothing is done."""
        self._before[method] += errors

    def lose(self, method: str, times: int = 1) -> None:
        """The next calls are carried out, and their replies lost."""
        self._after[method] += times

    def before(self, method: str) -> None:
        """Raise what a call fails with."""
        if method in self.always:
            raise self.always[method]
        if self._before[method]:
            raise self._before[method].pop(0)

    def after(self, method: str) -> None:
        """Lose the reply of a call."""
        if self._after[method]:
            self._after[method] -= 1
            raise self._lost() if self._lost is BoltOutcomeUnknown else self._lost(method)


class FakeBolt:
    """A Bolt of some schedules. `runs_of` lists the runs of each, newest first; `statuses` has every run's state."""

    def __init__(self, *schedules: Schedule, inactive: Sequence[Schedule] = ()) -> None:
        self.faults = Faults(BoltOutcomeUnknown)
        self.active = list(schedules or (NIGHTLY, HOURLY))
        self.inactive = list(inactive)
        self.runs_of: dict[str, list[RunSummary]] = defaultdict(list)
        self.statuses: dict[int, RunStatus] = {}
        self.outputs: dict[int, CommandOutput] = {}
        self.files: dict[int, tuple[Resource, ...]] = {}
        self.run_ids: dict[int, int] = {}
        self.known: dict[int, int] = {}
        self.pages: dict[int, list[LogPage]] = {}
        self.sent: list[tuple[str, object]] = []
        self.reads: list[tuple[str, object]] = []
        self.clock: datetime | None = None
        self.bad: dict[str, BoltError] = {}
        self._newest = 100

    @property
    def batch_limit(self) -> int:
        """As many as there may be."""
        return 100

    def add_run(
        self,
        slug: str,
        state: str,
        *,
        actor: str = "Bolt scheduler",
        branch: str | None = "main",
        parent: int | None = None,
        pull_request: str | None = None,
    ) -> int:
        """A run of a schedule; its id."""
        self._newest += 1
        now = datetime.now(UTC)
        self.runs_of[slug].insert(
            0,
            RunSummary(
                self._newest,
                state,
                actor,
                parent_run_id=parent,
                started_at=now,
                branch=branch,
                pull_request=pull_request,
            ),
        )
        self.statuses[self._newest] = RunStatus(state, (Command(self._newest * 10, "dbt build", now),))
        return self._newest

    def end_run(self, run_id: int, state: str) -> None:
        """It's over."""
        self.statuses[run_id] = replace(self.statuses[run_id], state=state)
        for listed in self.runs_of.values():
            listed[:] = [replace(run, state=state) if run.id == run_id else run for run in listed]

    async def schedules(self, *, inactive: bool = False, suspended: bool | None = None) -> list[Schedule]:
        """All of them."""
        self.reads.append(("schedules", (inactive, suspended)))
        self.faults.before("schedules")
        return [self._as_listed(one) for one in (self.inactive if inactive else self.active)]

    def time(self) -> datetime:
        """Its clock."""
        return self.clock or datetime.now(UTC)

    async def activity(self) -> list[ScheduleActivity]:
        """As the newest runs say."""
        self.reads.append(("activity", None))
        self.faults.before("activity")
        listed = [self._as_listed(one) for one in self.active]
        return [
            ScheduleActivity(one.slug, one.uuid, one.last_run_at, one.last_run_state, one.next_run_at, one.suspended)
            for one in listed
        ]

    def _as_listed(self, schedule: Schedule) -> Schedule:
        run = next(iter(self.runs_of[schedule.slug]), None)
        return replace(schedule, last_run_at=run.started_at, last_run_state=run.state) if run else schedule

    async def newest_runs(self, slugs: Sequence[str]) -> dict[str, list[RunSummary] | BoltError]:
        """Newest first, of each."""
        self.reads.append(("newest_runs", tuple(slugs)))
        self.faults.before("newest_runs")
        return {slug: self.bad.get(slug) or self.runs_of[slug][:20] for slug in slugs}

    async def schedule(self, slug: str) -> ScheduleDetails:
        """One of them."""
        self.reads.append(("schedule", slug))
        self.faults.before("schedule")
        for one in self.active:
            if one.slug == slug:
                return ScheduleDetails(None, one.commands, one.owner, one.cron, one.uuid, one.source, one.suspended)
        raise BoltRejected((ApiError(f"There is no schedule {slug}."),))

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[RunSummary]:
        """Newest first."""
        self.reads.append(("runs", slug))
        self.faults.before("runs")
        return self.runs_of[slug][offset : offset + limit]

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """The known ones."""
        self.faults.before("poll")
        return Polled({run_id: self.statuses[run_id] for run_id in run_ids if run_id in self.statuses})

    async def status(self, run_id: int) -> RunStatus:
        """One run's."""
        self.reads.append(("status", run_id))
        self.faults.before("status")
        if run_id not in self.statuses:
            raise BoltRejected((ApiError(f"Run {run_id} not found."),))
        return self.statuses[run_id]

    async def command_output(self, command_id: int) -> CommandOutput:
        """A command with its log."""
        self.reads.append(("command_output", command_id))
        self.faults.before("command_output")
        if command_id not in self.outputs:
            raise BoltRejected((ApiError(f"Command {command_id} not found."),))
        return self.outputs[command_id]

    async def run_of_command(self, command_id: int) -> int | None:
        """Which run it's of."""
        self.reads.append(("run_of_command", command_id))
        self.faults.before("run_of_command")
        return self.run_ids.get(command_id)

    def known_run_of(self, first_command_id: int) -> int | None:
        """Without asking."""
        return self.known.get(first_command_id)

    async def command_log(self, command_id: int, cursor: str = "0:0") -> LogPage:
        """The next page."""
        self.faults.before("command_log")
        pages = self.pages.get(command_id, [])
        return pages.pop(0) if pages else LogPage((), cursor, finished=True)

    async def resource_url(self, resource_id: int) -> str | None:
        """An address that works once it's asked for."""
        self.reads.append(("resource_url", resource_id))
        self.faults.before("resource_url")
        return f"https://storage.test/{resource_id}"

    async def resources(self, command_ids: Sequence[int]) -> dict[int, tuple[Resource, ...]]:
        """The files of the known commands."""
        self.reads.append(("resources", tuple(command_ids)))
        self.faults.before("resources")
        return {one: self.files[one] for one in command_ids if one in self.files}

    async def trigger(self, trigger: Trigger) -> int:
        """A new run."""
        return self._start("trigger", trigger, trigger.slug, trigger.branch or "main")

    async def cancel(self, run_id: int) -> None:
        """It ends some time later."""
        self._do("cancel", run_id)

    async def retry(self, run_id: int) -> int:
        """A new run of what failed."""
        return self._start("retry", run_id, self._slug_of(run_id), "main", parent=run_id)

    async def retry_all(self, run_id: int) -> int:
        """A new run of everything."""
        return self._start("retry_all", run_id, self._slug_of(run_id), "main", parent=run_id)

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume."""
        self.sent.append(("suspend", (slug, suspend)))
        self.faults.before("suspend")
        self.active = [replace(one, suspended=suspend) if one.slug == slug else one for one in self.active]
        self.faults.after("suspend")

    def _slug_of(self, run_id: int) -> str:
        return next((slug for slug, runs in self.runs_of.items() if any(run.id == run_id for run in runs)), "")

    def _do(self, method: str, what: object) -> None:
        self.sent.append((method, what))
        self.faults.before(method)
        self.faults.after(method)

    def _start(self, method: str, what: object, slug: str, branch: str, *, parent: int | None = None) -> int:
        self.sent.append((method, what))
        self.faults.before(method)
        run_id = self.add_run(slug, "RUNNING", actor=OUR_ACTOR, branch=branch, parent=parent)
        self.faults.after(method)
        return run_id


class FakeDownloads:
    """Files by their addresses."""

    def __init__(self, **files: bytes) -> None:
        self.faults = Faults(BoltOutcomeUnknown)
        self.files = {f"https://storage.test/{name.removeprefix('f')}": content for name, content in files.items()}
        self.fetched: list[str] = []

    async def fetch(self, url: str, *, most: int) -> bytes:
        """One of them."""
        self.fetched.append(url)
        self.faults.before("fetch")
        return self.files[url][:most]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in a channel. `user` is whoever alone sees it, empty if everybody does."""

    channel: str
    ts: str
    message: Message
    key: str = ""
    thread: str | None = None
    user: str = ""

    @property
    def text(self) -> str:
        """As a person reads it."""
        return said(self.message.text)


@dataclass
class FakeCharts:
    """Draws nothing, but remembers what it was asked for."""

    is_installed: bool = False
    faults: Faults = field(default_factory=lambda: Faults(ChartFailed))
    drawn: list[ReportChart] = field(default_factory=list)

    async def draw(self, shown: History) -> bytes:
        """A picture of a history."""
        self.faults.before("draw")
        return shown.name.encode()

    async def draw_report(self, shown: ReportChart) -> bytes:
        """A picture of a digest."""
        self.faults.before("draw_report")
        self.drawn.append(shown)
        return b"a picture"


@dataclass
class FakeChat:
    """A Slack that keeps what was posted. `refusing`: the errors of whole channels, by their ids.

    `meanwhile`: what happens while the reply to the next post is on its way.
    """

    faults: Faults = field(default_factory=lambda: Faults(SlackOutcomeUnknown))
    posted: dict[tuple[str, str], Sent] = field(default_factory=dict)
    private: list[Sent] = field(default_factory=list)
    edits: list[Sent] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    uploads: dict[str, tuple[str, bytes, bool]] = field(default_factory=dict)
    alts: dict[str, str | None] = field(default_factory=dict)
    shared: list[tuple[str, str | None, str]] = field(default_factory=list)
    refusing: dict[str, BotError] = field(default_factory=dict)
    unreadable: bool = False
    meanwhile: Callable[[], Awaitable[None]] | None = None
    _numbers: int = 0

    def in_channel(self, channel: str, thread: str | None = None) -> list[str]:
        """What stands in a channel, or in one of its threads."""
        return [one.text for one in self.posted.values() if one.channel == channel and one.thread == thread]

    def told(self, user: str) -> list[str]:
        """What one person was told privately."""
        return [one.text for one in self.private if one.user == user]

    def _ts(self) -> str:
        self._numbers += 1
        return f"{datetime.now(UTC).timestamp():.0f}.{self._numbers:06}"

    async def post_message(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> str:
        """Post it."""
        self.faults.before("post_message")
        if channel in self.refusing:
            raise self.refusing[channel]
        ts = self._ts()
        self.posted[channel, ts] = Sent(channel, ts, message, key, thread_ts)
        self.faults.after("post_message")
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return ts

    async def edit_message(self, channel: str, ts: str, message: Message) -> None:
        """Replace it."""
        self.faults.before("edit_message")
        if channel in self.refusing:
            raise self.refusing[channel]
        sent = replace(self.posted.get((channel, ts), Sent(channel, ts, message)), message=message)
        self.posted[channel, ts] = sent
        self.edits.append(sent)
        self.faults.after("edit_message")

    async def delete_message(self, channel: str, ts: str) -> None:
        """Remove it."""
        self.faults.before("delete_message")
        self.posted.pop((channel, ts), None)
        self.deleted.append((channel, ts))

    async def find_message(
        self, channel: str, key: str, *, since: float, thread_ts: str | None = None
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """By its key."""
        self.faults.before("find_message")
        del since
        if self.unreadable:
            return SearchInconclusive()
        for one in self.posted.values():
            if (one.channel, one.key, one.thread) == (channel, key, thread_ts):
                return MessageFound(one.ts)
        return MessageAbsent()

    async def join_channel(self, channel: str) -> None:
        """From now on the channel takes posts."""
        self.faults.before("join_channel")
        self.joined.append(channel)
        self.refusing.pop(channel, None)

    async def start_upload(self, filename: str, content: bytes, *, snippet: bool, alt: str | None = None) -> str:
        """Keep it."""
        self.faults.before("start_upload")
        name = f"F{len(self.uploads) + 1}"
        self.alts[name] = alt
        self.uploads[name] = (filename, content, snippet)
        return name

    async def share_upload(
        self, channel: str, thread_ts: str | None, file_id: str, title: str, *, comment: Sentence = ()
    ) -> None:
        """Show it."""
        del title, comment
        self.faults.before("share_upload")
        if channel in self.refusing:
            raise self.refusing[channel]
        self.shared.append((channel, thread_ts, file_id))
        self.faults.after("share_upload")

    async def find_upload(
        self, channel: str, thread_ts: str | None, file_id: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """By its id."""
        del since
        return MessageFound(file_id) if (channel, thread_ts, file_id) in self.shared else MessageAbsent()

    async def find_file_named(
        self, channel: str, thread_ts: str | None, name: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """By its name."""
        del since
        shared = [file for where, thread, file in self.shared if (where, thread) == (channel, thread_ts)]
        found = next((file for file in shared if self.uploads[file][0] == name), None)
        return MessageFound(found) if found else MessageAbsent()

    async def permalink(self, channel: str, ts: str) -> str | None:
        """Its address."""
        return f"https://slack.test/{channel}/{ts}"

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Tell whoever the address is of: its last part."""
        del replace
        self.faults.before("respond")
        self.private.append(Sent("", "", message, user=response_url.rpartition("/")[2]))

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Tell one person."""
        self.faults.before("post_ephemeral")
        self.private.append(Sent(channel, "", message, thread=thread_ts, user=user))

    async def read_message(self, channel: str, ts: str, *, within_s: float) -> SlackMessage | None:
        """With its buttons. Slack doesn't let an `unreadable` one be read."""
        del within_s
        self.faults.before("read_message")
        if self.unreadable:
            raise ScopeMissing("conversations.replies", "missing_scope", needed="channels:history")
        if (channel, ts) not in self.posted:
            return None
        rows = [block for block in self.posted[channel, ts].message.blocks if isinstance(block, Buttons)]
        buttons = (MessageButton(one.action, one.value, one.url or "") for row in rows for one in row.buttons)
        return SlackMessage(ours=True, buttons=tuple(buttons))

    async def post_direct(self, user: str, message: Message, *, key: str) -> str:
        """Tell one person in the direct message."""
        self.faults.before("post_direct")
        sent = Sent(f"D{user}", self._ts(), message, key, user=user)
        self.private.append(sent)
        return sent.ts

    async def direct_channel(self, user: str) -> str:
        """Its id."""
        self.faults.before("direct_channel")
        return f"D{user}"


class FakePeople:
    """Members of one workspace in public channels, unless a test says otherwise."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.channels: dict[str, ChannelInfo] = {}
        self.groups: dict[str, frozenset[str]] = {}
        self.fresh: list[str] = []

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """A member of the groups that a test has put them in."""
        del acts
        if fresh:
            self.fresh.append(user)
        groups = frozenset(name for name, members in self.groups.items() if user in members)
        return self.people.get(user, Person(user, frozenset({Role.MEMBER}), groups, "example.com"))

    async def channel(self, channel: str) -> ChannelInfo:
        """A direct message by its id, else a public channel."""
        kind = ChannelKind.DIRECT if channel.startswith("D") else ChannelKind.PUBLIC
        return self.channels.get(channel, ChannelInfo(channel, f"name-of-{channel}", kind, shared=False))

    async def note_group_message(self, channel: str) -> None:
        """Nothing is kept."""

    async def group(self, name: str) -> str | None:
        """Its id."""
        return f"S-{name}" if name in self.groups else None

    async def members(self, group: str, *, fresh: bool = False) -> frozenset[str] | None:
        """Who is in it."""
        del fresh
        return self.groups.get(group)

    async def forget_groups(self) -> None:
        """Nothing is kept."""

    async def forget_channel(self, channel: str) -> None:
        """Nothing is kept."""


class FakeChannels:
    """What the bot can do in channels: it's in all of them, unless a test says otherwise; and who the admins are."""

    def __init__(self) -> None:
        self.states: dict[str, ChannelState] = {}
        self.away: SlackError | None = None
        self.admin_users: tuple[str, ...] = ("U0ADMIN",)

    async def channel_state(self, channel: str) -> ChannelState:
        """As a test says."""
        if self.away is not None:
            raise self.away
        return self.states.get(channel, ChannelState())

    async def admins(self) -> tuple[str, ...]:
        """As a test says."""
        return self.admin_users


class FakeIncidents:
    """Incidents on record. `contended`: so many changes come too late, because somebody else was faster."""

    def __init__(self, *incidents: Incident) -> None:
        self.records = {(one.channel, one.schedule): StoredIncident(one, 1, "1.0") for one in incidents}
        self.edits: list[Edit] = []
        self.contended = 0

    def of(self, schedule: str, channel: str = "C1") -> Incident:
        """As it is now."""
        return self.records[channel, schedule].incident

    async def load_incident(self, channel: str, schedule: str) -> StoredIncident | None:
        """The newest one."""
        return self.records.get((channel, schedule))

    async def open_incidents(self, channel: str | None = None) -> list[StoredIncident]:
        """Of one channel or of all."""
        found = [one for one in self.records.values() if one.incident.is_open]
        return [one for one in found if channel in (None, one.incident.channel)]

    async def store_incident(self, before: StoredIncident, after: Incident, edit: Edit) -> bool:
        """Replace it, unless it was changed since."""
        key = (after.channel, after.schedule)
        known = self.records.get(key)
        if self.contended and known is not None:
            self.contended -= 1
            self.records[key] = replace(known, rev=known.rev + 1)
        if known is not None and self.records[key].rev != before.rev:
            return False
        self.records[key] = StoredIncident(after, before.rev + 1, before.ts)
        self.edits.append(edit)
        return True


class FakeMemberships:
    """Who is in which channel."""

    def __init__(self, names: dict[str, str] | None = None, *, whole: bool = True) -> None:
        self.channels = MemberChannels(names or {}, whole)
        self.later: MemberChannels | None = None
        self.members: dict[tuple[str, str], bool | None] = {}

    async def channels_of(self, user: str, *, fresh: bool = False) -> MemberChannels:
        """The same for everybody; others if they're asked for anew."""
        del user
        return self.later if fresh and self.later is not None else self.channels

    async def is_member(self, channel: str, user: str) -> bool | None:
        """As far as a test says."""
        return self.members.get((channel, user))


class FakePeopleByAddress:
    """Users by their addresses. `asked`: what was looked up, in turn. `waits`: what Slack waits for."""

    def __init__(self, **users: str) -> None:
        self.faults = Faults(SlackOutcomeUnknown)
        self.users = {f"{name}@example.com": user for name, user in users.items()}
        self.asked: list[str] = []
        self.waits: asyncio.Event | None = None

    async def user_with(self, address: str) -> str:
        """One of them, or nobody."""
        self.asked.append(address)
        if self.waits is not None:
            await self.waits.wait()
        self.faults.before("user_with")
        return self.users.get(address, "")


class FakeHomeTab:
    """Keeps what is shown to each person."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Message, int]] = []

    async def publish(self, user: str, message: Message, *, page: int, replaces: str = "") -> bool:
        """Show it."""
        del replaces
        self.published.append((user, message, page))
        return True
