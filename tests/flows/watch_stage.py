"""The flows of watches, with a real Redis, a fake Bolt and a fake Slack."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.asyncio import Redis

from bot.core.commands.grammar import parse
from bot.core.model.audit_entry import AuditEntry, Event
from bot.core.model.command import Command, UnwatchCommand, WatchCommand, WatchesCommand, canonical
from bot.core.model.current import Current
from bot.core.model.watch import Watch
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Action, Policy
from bot.core.text.message import Message
from bot.core.watching.owners import Owners
from bot.flows.authorize import Attempt
from bot.flows.channel_watches import ChannelWatches
from bot.flows.check_owners import OwnerChecker
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.describe_watch import WatchDescriber
from bot.flows.find_owners import OwnerFinder
from bot.flows.find_schedule import ScheduleFinder
from bot.flows.mention_owner import OwnerMentions
from bot.flows.preview_watch import WatchPreviewer
from bot.flows.watch_schedules import ScheduleWatcher
from bot.store.discovery import Discovery
from bot.store.due_sets import DueSet
from bot.store.owners import OwnerUsers
from bot.store.watches import Watches
from tests.flows.fakes import FakeIncidents, FakeMemberships, FakePeopleByAddress
from tests.flows.stage import ADA, CHANNEL, Stage, asker

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


@dataclass
class WatchStage:
    """The flows for watches, and the stores and fakes that they use."""

    redis: Redis
    policy: Policy = DEFAULT_POLICY
    memberships: FakeMemberships = field(default_factory=FakeMemberships)
    by_address: FakePeopleByAddress = field(default_factory=FakePeopleByAddress)
    incidents: FakeIncidents = field(default_factory=FakeIncidents)

    def __post_init__(self) -> None:
        """Build the flows."""
        self.stage = stage = Stage(self.redis, self.policy)
        self.bolt, self.chat, self.people = stage.bolt, stage.chat, stage.people
        self.bolt.clock = NOW
        self.store = Watches(stage.scripts)
        finder = OwnerFinder(
            Current(Owners()),
            OwnerUsers(stage.scripts, "secret"),
            self.by_address,
            Discovery(stage.scripts),
            DueSet(stage.scripts, "owners", lease_s=60),
        )
        self.watcher = ScheduleWatcher(
            self.store,
            stage.catalog,
            ScheduleFinder(stage.bolt, stage.catalog),
            stage.authorizer,
            stage.people,
            stage.chat,
            WatchDescriber(
                stage.people,
                stage.chat,
                WatchPreviewer(stage.bolt, now=stage.bolt.time),
                OwnerChecker(finder, OwnerMentions(finder, stage.people, self.memberships)),
            ),
            slash_command="/bolt",
            now=stage.bolt.time,
        )
        self.channel_watches = ChannelWatches(
            self.store,
            stage.catalog,
            stage.authorizer,
            stage.people,
            self.memberships,
            IncidentCloser(self.incidents, Discovery(stage.scripts)),
            slash_command="/bolt",
        )

    def attempt(self, command: Command, user: str, channel: str = CHANNEL) -> Attempt:
        """Somebody's attempt at a command."""
        who = asker(user, channel=channel)
        return Attempt(who, Action.WATCH, canonical(command), "r1", posts=isinstance(command, WatchCommand))

    async def type(self, text: str, *, user: str = ADA, channel: str = CHANNEL) -> Message:
        """Somebody types a command; return the answer."""
        command = parse(text)
        attempt = self.attempt(command, user, channel)
        match command:
            case WatchCommand():
                return await self.watcher.watch(attempt, command)
            case UnwatchCommand():
                return await self.channel_watches.unwatch(attempt, command)
            case WatchesCommand():
                return await self.channel_watches.list_watches(attempt.asker, command)
        raise AssertionError(text)

    async def kept(self) -> tuple[Watch, ...]:
        """The stored watches."""
        return await self.store.all_watches()

    async def audited(self, *events: Event) -> list[AuditEntry]:
        """The audit log's entries of these kinds, newest first; without any kind, those for commands."""
        wanted = events or (Event.ASKED,)
        return [entry async for entry in self.stage.audit.newest_entries() if entry.event in wanted]
