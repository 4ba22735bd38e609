"""Watches with a real Redis, a fake Bolt and a fake Slack: from a run that nobody started here to its message."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.core.model.bolt import BoltCommand, CommandOutput, RunStatus
from bot.core.model.current import Current
from bot.core.model.incident import Incident, StoredIncident
from bot.core.model.watch import Watch
from bot.core.text.message import without_blocks
from bot.core.watching.owners import Owners
from bot.flows.account_ends import EndAccountant
from bot.flows.advance_gap import GapAdvancer
from bot.flows.check_channel import WatchedChannelChecker
from bot.flows.check_slow import SlowRunChecker
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.conclude import RunConcluder
from bot.flows.dbt_results import ResultsReader
from bot.flows.deliver_posts import PostDeliverer, Send
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.discover_runs import LookRules, RunDiscoverer
from bot.flows.discover_schedules import ScheduleDiscoverer
from bot.flows.edit_cards import CardEditor
from bot.flows.end_deadlines import EndRules
from bot.flows.end_quiet import QuietEnder
from bot.flows.find_owners import OwnerFinder
from bot.flows.incident_clock import IncidentClock
from bot.flows.judge_late import LateJudge
from bot.flows.lease import Lease
from bot.flows.listing_gap import GapWatcher
from bot.flows.mention_owner import OwnerMentions
from bot.flows.notice_runs import RunNotices
from bot.flows.poll_runs import FIELDS, PollRules, RunPoller
from bot.flows.post_channel_back import ChannelBackPoster
from bot.flows.post_gap import GapPoster
from bot.flows.post_incident import IncidentPoster
from bot.flows.post_log_file import LogFilePoster
from bot.flows.post_notice import NoticePoster
from bot.flows.post_outage import OutagePoster
from bot.flows.post_quiet_end import QuietEndPoster
from bot.flows.poster import MessagePoster
from bot.flows.quiet_hours import QuietHours
from bot.flows.read_incident_retries import IncidentRetries
from bot.flows.rename_schedules import ScheduleRenamer
from bot.flows.run_listings import RunListings
from bot.flows.run_stores import RunStores
from bot.flows.watch_messages import WatchMessages
from bot.flows.watch_permissions import WatchPermissions
from bot.flows.whom_to_mention import IncidentPeople
from bot.store.digests import Digests
from bot.store.discovery import Discovery
from bot.store.discovery_hints import DiscoveryHints
from bot.store.due_sets import DueSet, next_due
from bot.store.incidents import Incidents
from bot.store.listing_gaps import ListingGaps
from bot.store.notices import Notices
from bot.store.outages import Outages
from bot.store.owners import OwnerUsers
from bot.store.quiet_ends import QuietEnds
from bot.store.tallies import Tallies
from bot.store.watches import Watches
from bot.workers.claims import keep_lease
from tests.core.views.plain import said
from tests.flows.fakes import FakeChannels, FakeDownloads, FakeMemberships, FakePeopleByAddress
from tests.flows.stage import APP, CHANNEL, Stage

Step = Callable[[Lease], Awaitable[object]]
# Minutes instead of seconds, so that no log comes late just because the machine is busy. A test that needs a late log
# changes when its run's end was seen. After five minutes, the bot gives up on a log.
LOG_RULES = EndRules(told_s=1000.0, incident_s=100.0)
LOG_AWAITED_S = 200.0
# If a channel refuses a post, the post is put back, and is due again here.
POSTS_A_ROUND = 8
COLUMN_LOG = """\
02:14:00  Running with dbt=1.8.0
02:14:05  1 of 1 ERROR creating sql table model marts.orders ............ [ERROR in 0.10s]
02:14:06  Completed with 1 error and 0 warnings:
02:14:06
02:14:06    Database Error in model orders (models/orders.sql)
  column "net_amnt" does not exist
02:14:06
02:14:06  Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
"""
DISK_LOG = COLUMN_LOG.replace('column "net_amnt" does not exist', "could not extend file: No space left on device")


@dataclass
class IncidentStage(Stage):
    """The flows of watches. Times are Bolt's: `at` is the present, and each run takes a minute.

    `gapless`: schedules count as listed all the time, however much time a test lets pass, unless listing fails.
    """

    gapless: bool = True
    # How far our clock is ahead of Bolt's.
    ahead: timedelta = timedelta()
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    memberships: FakeMemberships = field(default_factory=FakeMemberships)
    by_address: FakePeopleByAddress = field(default_factory=FakePeopleByAddress)
    owners_file: Owners = field(default_factory=Owners)
    # The monotonic clock.
    clock_s: float = 0.0
    channels: FakeChannels = field(default_factory=FakeChannels)

    def __post_init__(self) -> None:
        """Build the flows."""
        super().__post_init__()
        self.bolt.clock = self.at
        scripts = self.scripts
        self.watches, self.discovery, self.incidents = Watches(scripts), Discovery(scripts), Incidents(scripts)
        names = ["discovery", "looks", "accounts", "incidents", "outages", "polls", "strays", "ends", "owners", "quiet"]
        names += ["channels", "gaps", "late", "slow"]
        self.hints, self.gaps = DiscoveryHints(scripts), ListingGaps(scripts)
        self.due |= {name: DueSet(scripts, name, lease_s=60) for name in names}
        self.owner_users = OwnerUsers(scripts, "secret")
        self.owners = self.owner_finder()
        self.owner_mentions = OwnerMentions(self.owners, self.people, self.memberships)
        self.concluder = RunConcluder(
            RunListings(self.bolt),
            self.runs,
            self.due["ends"],
            self.logs,
            ResultsReader(self.bolt, FakeDownloads()),
            str,
            rules=LOG_RULES,
        )
        self.poller = RunPoller(
            self.bolt, self.runs, self.due, PollRules("w", 2, 30), mask=str, now=lambda: datetime.now(UTC)
        )
        people = IncidentPeople(self.people, self.watches, self.owner_mentions)
        self.quiet_hours = QuietHours(self.watches, now=lambda: self.at)
        self.quiet_ends = QuietEnds(scripts, self.incidents)
        self.tallies = Tallies(scripts)
        self.message_poster = MessagePoster(self.chat, self.posts, settle_s=self.settle_s)
        settings = DeliverySettings(APP, settle_s=self.settle_s)
        files = LogFilePoster(self.chat, self.posts, self.runs, self.logs, self.message_poster, settings)
        self.poster = IncidentPoster(
            self.chat,
            self.posts,
            self.message_poster,
            self.incidents,
            self.runs,
            people,
            self.quiet_hours,
            IncidentRetries(self.requests, self.runs, workspace="w"),
            files,
            workspace="w",
            app_url=APP,
            log_awaited_s=LOG_AWAITED_S,
        )
        self.outages = Outages(scripts)
        self.outage_poster = OutagePoster(
            self.chat,
            self.posts,
            self.message_poster,
            self.outages,
            people,
            self.due["outages"],
            self.quiet_hours,
            self.runs,
            files,
            IncidentRetries(self.requests, self.runs, workspace="w"),
            workspace="w",
            app_url=APP,
        )
        self.permissions = self.new_permissions()
        self.channel_back = ChannelBackPoster(
            self.message_poster,
            self.incidents,
            self.watches,
            self.permissions,
            app_url=APP,
            now=self.our_time,
            time=self.bolt.time,
        )
        self.gap_poster = GapPoster(
            self.chat,
            self.posts,
            self.gaps,
            self.incidents,
            people,
            self.quiet_hours,
            app_url=APP,
            slash_command="/bolt",
            settle_s=self.settle_s,
            mask=str,
        )
        self.notices = Notices(scripts)
        self.notice_poster = NoticePoster(
            self.message_poster,
            self.posts,
            self.notices,
            self.watches,
            self.permissions,
            self.people,
            app_url=APP,
            now=lambda: self.at,
        )
        self.others: dict[str, Send] = {
            "incident": self.poster.post_of_incident,
            "outage": self.outage_poster.post_of_outage,
            "quiet": self.quiet_end_poster(people).post_quiet_end,
            "gap": self.gap_poster.post_of_gap,
            "back": self.channel_back.post_channel_back,
            "notice": self.notice_poster.post_notice,
        }
        stores = RunStores(self.requests, self.queue, self.runs, self.followers)
        self.deliverer = PostDeliverer(
            self.chat,
            self.posts,
            stores,
            self.logs,
            self.answers,
            DeliverySettings(APP, settle_s=self.settle_s),
            self.others,
        )
        self.editor = CardEditor(
            self.chat,
            self.edits,
            self.requests,
            self.runs,
            app_url=APP,
            watched=WatchMessages(self.poster, self.outage_poster, self.gap_poster, self.notice_poster),
        )
        self.steps: dict[str, Step] = {
            "discovery": self.discoverer().list_schedules,
            "looks": self.looker().look,
            "ends": self.concluder.conclude_run,
            "accounts": self.accountant().account_schedule,
            "outages": self.outage_poster.plan_causes,
            "owners": self.owners.look_up,
            "incidents": IncidentClock(
                self.incidents, self.due["incidents"], self.quiet_hours, now=lambda: self.at
            ).pass_time,
            "quiet": self.quiet_ender().end_quiet,
            "channels": self.checker().check_channel,
            "gaps": self.gap_advancer().advance_gap,
            "late": self.late_judge().judge_schedules,
            "slow": SlowRunChecker(
                self.bolt, self.watches, self.discovery, self.runs, self.notices, self.permissions
            ).check_run,
        }

    def our_time(self) -> datetime:
        """The bot's own clock."""
        return self.at + self.ahead

    def new_permissions(self) -> WatchPermissions:
        """New permissions, as each process has its own."""
        return WatchPermissions(self.current_policy, self.people, clock=lambda: self.clock_s)

    def checker(self) -> WatchedChannelChecker:
        """A new checker, as each process has its own."""
        return WatchedChannelChecker(
            self.watches,
            self.incidents,
            self.incidents,
            IncidentCloser(self.incidents, self.discovery),
            self.channels,
            self.people,
            self.chat,
            self.audit,
            self.due["channels"],
            self.current_policy,
            slash_command="/bolt",
            now=self.our_time,
        )

    def discoverer(self) -> ScheduleDiscoverer:
        """A new discoverer, as each process has its own."""
        closer = IncidentCloser(self.incidents, self.discovery)
        return ScheduleDiscoverer(
            self.bolt,
            self.catalog,
            self.watches,
            self.discovery,
            self.due["discovery"],
            closer,
            self.owners,
            self.hints,
            GapWatcher(self.bolt, self.discovery, self.gaps, mask=str),
            self.notices,
            ScheduleRenamer(self.discovery, self.incidents),
            Digests(self.scripts),
            every_s=15,
            now=lambda: datetime.now(UTC),
        )

    def owner_finder(self, owners: Owners | None = None) -> OwnerFinder:
        """A new finder, as each process has its own. `owners` is the content of the owners file."""
        return OwnerFinder(
            Current(owners or self.owners_file), self.owner_users, self.by_address, self.discovery, self.due["owners"]
        )

    def looker(self) -> RunDiscoverer:
        """A new discoverer, as each process has its own."""
        return RunDiscoverer(
            self.bolt,
            self.watches,
            self.discovery,
            self.incidents,
            self.runs,
            self.requests,
            self.due["looks"],
            self.gaps,
            LookRules("w"),
            mask=str,
        )

    def accountant(self) -> EndAccountant:
        """A new accountant, as each process has its own."""
        return EndAccountant(
            self.watches,
            self.discovery,
            self.incidents,
            self.runs,
            self.due["accounts"],
            self.permissions,
            self.gaps,
            RunNotices(self.notices),
            self.requests,
            workspace="w",
            now=lambda: self.at,
            time=self.bolt.time,
        )

    def gap_advancer(self) -> GapAdvancer:
        """A new advancer, as each process has its own."""
        return GapAdvancer(
            self.gaps,
            self.watches,
            self.discovery,
            self.incidents,
            self.quiet_ends,
            self.due["gaps"],
            self.quiet_hours,
            now=lambda: self.at,
        )

    def quiet_ender(self) -> QuietEnder:
        """A new ender, as each process has its own. The ender's clock moves on while it works."""
        ticks = count()
        return QuietEnder(
            self.quiet_ends,
            self.due["quiet"],
            self.quiet_hours,
            self.gaps,
            now=lambda: self.at + timedelta(microseconds=next(ticks)),
        )

    def quiet_end_poster(self, people: IncidentPeople) -> QuietEndPoster:
        """A new poster, as each process has its own."""
        return QuietEndPoster(
            self.message_poster,
            self.posts,
            self.quiet_ends,
            self.incidents,
            people,
            self.watches,
            self.permissions,
            app_url=APP,
            slash_command="/bolt",
        )

    def late_judge(self) -> LateJudge:
        """A new judge, as each process has its own."""
        return LateJudge(self.bolt, self.watches, self.discovery, self.notices, self.due["late"], self.permissions)

    async def watch(self, pattern: str = "nightly", channel: str = CHANNEL, **options: object) -> Watch:
        """A channel starts watching, and the first look is done."""
        watch = await self.add_watch(pattern, channel, **options)
        await self.discover()
        return watch

    async def add_watch(self, pattern: str = "nightly", channel: str = CHANNEL, **options: object) -> Watch:
        """A channel starts watching, and nothing has been looked at yet."""
        wanted = replace(Watch(channel, 0, "T", pattern, since=self.at), **options)  # type: ignore[arg-type]
        stored = await self.watches.add_watch(wanted)
        assert stored.watch is not None
        return stored.watch

    async def discover(self) -> None:
        """List the schedules, look at those that are due, and do all the work that follows."""
        await self.work("discovery")
        await self.work("owners")
        await self.work("looks")
        await self.settle()

    async def discovery_only(self) -> None:
        """List, look, and account for ends, even those that would be due later."""
        for name in ("discovery", "looks"):
            await self.work(name)
        await self.poll()
        await self.work("ends")
        await self.work_once("accounts")

    async def sweep(self) -> None:
        """Look at every schedule, even if nothing shows that it has changed."""
        await self.work("looks", whatever=True)
        await self.settle()

    async def check_channels(self) -> None:
        """Check every watched channel, and do the work that results."""
        await self.work("channels", whatever=True)
        await self.settle()

    async def settle(self) -> None:
        """Poll, conclude, account, post and edit until nothing is left."""
        for _ in range(6):
            due = await next_due(self.scripts, ("polls", "ends", "accounts", "posts", "edits"))
            # Posts are sent no matter when they're due.
            if "posts" not in due and all(wait_s > 0 for wait_s in due.values()):
                return
            is_idle = not await self.poll()
            for name in ("ends", "accounts"):
                is_idle &= not await self.work(name)
            for act in (self.post, self.edit):
                for _ in range(POSTS_A_ROUND):
                    if not await act():
                        break
                    is_idle = False
            if is_idle:
                return

    async def post_what_is_due(self) -> None:
        """Post what is due now, without changing any times."""
        while (taken := await self.posts.claim()).lease is not None:
            await self.deliverer.deliver_post(taken.lease, taken.item, taken.urgency, taken.channel)

    async def poll(self) -> bool:
        """Poll what is due; return whether there was anything."""
        claimed = await self.due["polls"].claim(100, fields=FIELDS)
        if claimed.lease is None:
            return False
        await self.poller.poll_runs(claimed.lease, claimed.at_us, claimed.rows)
        return True

    async def work(self, name: str, *, whatever: bool = False) -> int:
        """Do the due work of a set, or all of its work if `whatever` is set; return the number of jobs."""
        if name == "discovery" and self.gapless and "activity" not in self.bolt.faults.always:
            at_us = round(self.at.timestamp() * 1_000_000)
            await self.redis.set(self.scripts.key("discovery", "at"), at_us, xx=True)
        if whatever or name == "discovery":
            for member in await self.redis.zrange(self.scripts.key("due", name), 0, -1):
                await self.redis.zadd(self.scripts.key("due", name), {str(member): 1})
        due, jobs = self.due[name], 0
        while (claimed := await due.claim(100 if name in {"looks", "late"} else 1)).lease is not None:
            async with keep_lease(due, claimed.lease):
                await self.steps[name](claimed.lease)
            jobs += 1
            assert jobs < 50, f"{name} never ends"
        return jobs

    async def work_once(self, name: str) -> None:
        """Do the first job of a set, even if it isn't due yet."""
        members = await self.redis.zrange(self.scripts.key("due", name), 0, -1)
        await self.redis.zadd(self.scripts.key("due", name), {str(member): 1 for member in members})
        claimed = await self.due[name].claim(1)
        assert claimed.lease is not None
        async with keep_lease(self.due[name], claimed.lease):
            await self.steps[name](claimed.lease)

    def pass_minutes(self, minutes: float) -> None:
        """Let time pass on Bolt's clock."""
        self.at += timedelta(minutes=minutes)
        self.bolt.clock = self.at

    def begin(self, slug: str = "nightly", **facts: object) -> int:
        """Somebody else starts a run."""
        run_id = self.bolt.add_run(slug, "RUNNING", **facts)  # type: ignore[arg-type]
        self.change(run_id, started_at=self.at)
        self.bolt.statuses[run_id] = RunStatus("RUNNING", (BoltCommand(run_id * 10, "dbt build", self.at),))
        return run_id

    def end(self, run_id: int, state: str, log: str = COLUMN_LOG) -> int:
        """A run ends, a minute later."""
        self.pass_minutes(1)
        self.bolt.end_run(run_id, state)
        self.change(run_id, ended_at=self.at)
        code = 0 if state == "SUCCESS" else 1
        slug = next(slug for slug, runs in self.bolt.runs_of.items() if any(run.id == run_id for run in runs))
        (text,) = next(one.commands for one in self.bolt.active if one.slug == slug)
        command = BoltCommand(run_id * 10, text, self.at - timedelta(minutes=1), self.at, code)
        self.bolt.statuses[run_id] = RunStatus(state, (command,))
        self.bolt.outputs[command.id] = CommandOutput(command, run_id, log if code else "", "")
        return run_id

    def run_through(self, state: str, slug: str = "nightly", log: str = COLUMN_LOG, **facts: object) -> int:
        """A run begins and ends."""
        return self.end(self.begin(slug, **facts), state, log)

    def change(self, run_id: int, **facts: object) -> None:
        """Change what Bolt lists about a run."""
        for runs in self.bolt.runs_of.values():
            runs[:] = [replace(run, **facts) if run.id == run_id else run for run in runs]  # type: ignore[arg-type]

    async def end_seen(self, run_id: int, seconds_ago: float) -> None:
        """Move the time at which a run's end was seen."""
        seen_us = round((time.time() - seconds_ago) * 1_000_000)
        await self.redis.hset(self.scripts.key("run", f"w:{run_id}"), "final_us", str(seen_us))

    async def stored(self, channel: str = CHANNEL, slug: str = "nightly") -> StoredIncident:
        """The stored incident, with its message."""
        found = await self.incidents.load_incident(channel, slug)
        assert found is not None
        return found

    async def incident(self, channel: str = CHANNEL, slug: str = "nightly") -> Incident:
        """The stored incident."""
        return (await self.stored(channel, slug)).incident

    async def thread(self, channel: str = CHANNEL, slug: str = "nightly") -> list[str]:
        """The posts in its thread."""
        return self.chat.in_channel(channel, (await self.stored(channel, slug)).ts)

    async def thread_in_full(self, channel: str = CHANNEL, slug: str = "nightly") -> list[str]:
        """The posts in its thread, including everything below their first lines."""
        ts = (await self.stored(channel, slug)).ts
        posts = [one for one in self.chat.posted.values() if (one.channel, one.thread) == (channel, ts)]
        return [said(without_blocks(one.message, 3000).text) for one in posts]
