"""Deciding what watches may report: the policy is checked each time, with facts that are only seconds old.

The decision itself is in `bot.core.policy.watch_reports`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from cachetools import LRUCache, TTLCache

from bot.core.model.channel import ChannelInfo
from bot.core.model.current import Current
from bot.core.model.person import Person
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.watch import OPERATOR, Watch
from bot.core.policy.rules import Policy, Target
from bot.core.policy.watch_reports import OPERATOR_PERSON, Telling, telling, without_rules_about_people
from bot.flows.authorize import CHECK_S
from bot.flows.discover_schedules import CoverCache
from bot.flows.ports.slack import People

log = structlog.get_logger()

# How old the facts may be. Each end of a run needs the facts about all channels that watch its schedule, and many
# runs end together.
FACTS_FRESH_S = 10.0
FACTS_MOST = 5000
DECISIONS_REMEMBERED = 20_000
# Reports wait this long for missing facts that may be known soon. After that, the last decision counts. If there is
# none, nothing is reported, because a refusal may apply.
WAITED_S = 60.0
AGAIN_S = 2.0
UNDECIDED = Telling(runs=None, logs=None)
# While the bot isn't in a channel, Slack may not describe it. Nothing is posted there, but runs are still counted.
COUNTED = Telling(runs=True, logs=False)


@dataclass(frozen=True, slots=True)
class Tellings:
    """The reports that watches may make about one schedule, by the watches' names.

    `wait_s`: facts are missing, so ask again after this many seconds. `deactivated` are channels with a watch whose
    creator's account is deactivated.
    """

    by_name: dict[str, Telling] = field(default_factory=dict)
    wait_s: float = 0.0
    deactivated: frozenset[str] = frozenset()

    @property
    def silent(self) -> frozenset[str]:
        """The names of the watches that may report nothing about the schedule, or for which that isn't known."""
        return frozenset(name for name, one in self.by_name.items() if not one.runs)

    @property
    def refused_in(self) -> frozenset[str]:
        """The channels with a watch that isn't allowed by the policy to report the schedule."""
        return frozenset(name.rpartition(":")[0] for name, one in self.by_name.items() if one.runs is False)

    def and_of(self, others: Tellings) -> Tellings:
        """Add the permissions of other watches."""
        return Tellings(
            self.by_name | others.by_name,
            max(self.wait_s, others.wait_s),
            self.deactivated | others.deactivated,
        )

    def may_quote_logs(self, watch: Watch) -> bool:
        """Whether a watch may quote logs."""
        return bool(self.by_name.get(watch.name, UNDECIDED).logs)


@dataclass(frozen=True, slots=True)
class _Facts:
    person: Person
    channel_info: ChannelInfo

    @property
    def again_s(self) -> float:
        return max(self.person.again_s, self.channel_info.again_s)

    @property
    def deactivated(self) -> bool:
        return self.person.roles is not None and not self.person.roles


class _Known:
    """The facts cached for one policy, read as needed, and its last decisions."""

    def __init__(self, policy: Policy, clock: Callable[[], float]) -> None:
        self.policy = policy
        self.operator_policy = without_rules_about_people(policy)
        self.persons: TTLCache[str, Person] = TTLCache(FACTS_MOST, FACTS_FRESH_S, timer=clock)
        self.channels: TTLCache[str, ChannelInfo] = TTLCache(FACTS_MOST, FACTS_FRESH_S, timer=clock)
        self.last: LRUCache[tuple[str, str, str], Telling] = LRUCache(DECISIONS_REMEMBERED)
        self.unknown_since: LRUCache[tuple[str, str], float] = LRUCache(FACTS_MOST)


class WatchPermissions:
    """Decides what watches may report. One per process."""

    def __init__(self, policy: Current[Policy], people: People, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._people = people
        self._clock = clock
        self._newest = _Known(policy.value, clock)

    def _known(self, policy: Policy) -> _Known:
        """Return the facts and decisions cached for a policy. Both are dropped once another policy is in effect."""
        if self._newest.policy is not policy:
            self._newest = _Known(policy, self._clock)
        return self._newest

    async def deciding(self, covers: CoverCache, schedule: WatchedSchedule) -> tuple[dict[str, Watch], Tellings]:
        """The watch that applies to a schedule, by channel, and the reports that each may make about it.

        If a watch may not report anything, the channel's next watch decides.
        """
        tellings = Tellings()
        while True:
            deciding = covers.deciding(schedule, tellings.silent)
            new = [watch for watch in deciding.values() if watch.name not in tellings.by_name]
            if not new:
                return deciding, tellings
            tellings = tellings.and_of(await self.decide(new, schedule))

    async def decide(self, watches: Sequence[Watch], schedule: WatchedSchedule) -> Tellings:
        """Decide what each of these watches may report about a schedule."""
        with self._policy.pinned() as policy:
            known = self._known(policy)
            found = await asyncio.gather(*(self._facts(known, watch) for watch in watches))
        by_name, wait_s = dict[str, Telling](), 0.0
        for watch, facts in zip(watches, found, strict=True):
            decided, again_s = self._decide(known, watch, facts, schedule)
            by_name[watch.name] = decided
            wait_s = max(wait_s, again_s)
        deactivated = (watch.channel for watch, facts in zip(watches, found, strict=True) if facts.deactivated)
        return Tellings(by_name, wait_s, frozenset(deactivated))

    def _decide(self, known: _Known, watch: Watch, facts: _Facts, schedule: WatchedSchedule) -> tuple[Telling, float]:
        """Decide for one watch. Also returns the delay in seconds before asking again, or 0 if it's decided."""
        policy = known.operator_policy if watch.made_by == OPERATOR else known.policy
        target = Target(schedule.slug, schedule.name, schedule.owner or "")
        decided = telling(policy, facts.person, facts.channel_info, target)
        place, key = (watch.made_by, watch.channel), (watch.made_by, watch.channel, schedule.slug)
        if decided.runs is not None and decided.logs is not None:
            known.unknown_since.pop(place, None)
            known.last[key] = decided
            return decided, 0.0
        last = known.last.get(key, COUNTED if watch.is_away else UNDECIDED)
        settled = Telling(
            last.runs if decided.runs is None else decided.runs, last.logs if decided.logs is None else decided.logs
        )
        since = known.unknown_since.setdefault(place, self._clock())
        if not watch.is_away:
            if facts.again_s and self._clock() - since < WAITED_S:
                return settled, facts.again_s
            log.warning(
                "can't decide what a watch is allowed to report, because facts are missing",
                watch=watch.name,
                schedule=schedule.slug,
            )
        return settled, 0.0

    async def _facts(self, known: _Known, watch: Watch) -> _Facts:
        person, channel_info = await asyncio.gather(
            self._person(known, watch.made_by), self._channel(known, watch.channel)
        )
        return _Facts(person, channel_info)

    async def _person(self, known: _Known, user: str) -> Person:
        if user == OPERATOR:
            return OPERATOR_PERSON
        person = known.persons.get(user)
        if person is None:
            try:
                async with asyncio.timeout(CHECK_S):
                    person = await self._people.person(user, acts=True)
            except TimeoutError:
                return Person(user, why="Slack didn't answer", again_s=AGAIN_S)
            if not person.again_s:
                known.persons[user] = person
        return person

    async def _channel(self, known: _Known, channel: str) -> ChannelInfo:
        info = known.channels.get(channel)
        if info is None:
            try:
                async with asyncio.timeout(CHECK_S):
                    info = await self._people.channel(channel)
            except TimeoutError:
                return ChannelInfo(channel, why="Slack didn't answer", again_s=AGAIN_S)
            if not info.again_s:
                known.channels[channel] = info
        return info
