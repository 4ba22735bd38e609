"""Making and changing a watch: which schedules it covers, and whether the policy allows it.

The defaults of its options are in `bot.core.watching.watch_of_command`; which of several watches decides is in
`bot.core.watching.cover`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.core.model.audit_entry import Event
from bot.core.model.bolt import Schedule
from bot.core.model.command import WatchCommand
from bot.core.model.errors import BoltError
from bot.core.model.watch import Watch
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action
from bot.core.schedules.lookup import schedules_called
from bot.core.text.message import Message
from bot.core.views.watches import MadeWord, Refused, full, in_file, no_such_watch, not_allowed
from bot.core.watching.cover import Covers
from bot.core.watching.preview import watched
from bot.core.watching.watch_of_command import WatchPlace, is_about_the_same, watch_of_command
from bot.flows.authorize import Attempt, Authorizer
from bot.flows.describe_watch import WatchDescriber
from bot.flows.find_schedule import ScheduleFinder, unread
from bot.flows.own_channel import why_not_here
from bot.flows.ports.slack import Chat, People
from bot.flows.ports.watch_store import Watches
from bot.flows.schedule_catalog import ScheduleCatalog

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PlannedWatch:
    """A watch that the policy allows, not stored yet. `matching` are the schedules that it covers now.

    `attempt` is the person's attempt; `refused` are the schedules that the policy leaves out. `number` is the number of
    the watch to change. If it's None, a watch about the same schedules is changed, if there is one.
    """

    watch: Watch
    matching: tuple[Schedule, ...]
    attempt: Attempt
    number: int | None = None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class StoredWatch:
    """A watch as stored, and the outcome of storing it."""

    watch: Watch
    word: MadeWord
    matching: tuple[Schedule, ...]
    refused: Refused | None = None


class ScheduleWatcher:
    """Answers `watch`. If the channel already has a watch for the same schedules, that one is changed instead.

    `now` is the time by Bolt's clock, which dates the ends of runs too.
    """

    def __init__(
        self,
        watches: Watches,
        catalog: ScheduleCatalog,
        finder: ScheduleFinder,
        gate: Authorizer,
        people: People,
        chat: Chat,
        describer: WatchDescriber,
        *,
        slash_command: str,
        now: Callable[[], datetime],
    ) -> None:
        self._watches = watches
        self._catalog = catalog
        self._finder = finder
        self._gate = gate
        self._people = people
        self._chat = chat
        self._describer = describer
        self._slash_command = slash_command
        self._now = now

    async def watch(self, attempt: Attempt, command: WatchCommand) -> Message:
        """Create or change one of the channel's watches, and say which schedules it covers. Raises StoreUnavailable."""
        planned = await self.plan(attempt, command)
        stored = planned if isinstance(planned, Message) else await self.store(planned)
        return stored if isinstance(stored, Message) else await self.describe(stored)

    async def plan(self, attempt: Attempt, command: WatchCommand) -> PlannedWatch | Message:
        """Check that a watch can be made and that the policy allows it; if not, say why. Raises StoreUnavailable."""
        why_not = await why_not_here(self._chat, attempt.asker)
        if why_not is not None:
            return Message((why_not,))
        try:
            schedules = await self._catalog.all_schedules()
            pattern = await self._pattern(command, schedules)
        except BoltError as error:
            return Message((f"{unread(error)} Nothing was changed.",))
        if isinstance(pattern, Message):
            return pattern
        place = _place(attempt, self._now())
        return await self._allowed(attempt, watch_of_command(command, pattern, place), schedules)

    async def plan_change(self, attempt: Attempt, watch: Watch, command: WatchCommand) -> PlannedWatch | Message:
        """Check a command's options for an existing watch as for a new one. The watched schedules stay the same."""
        if watch.is_from_file:
            return in_file(watch)
        try:
            schedules = await self._catalog.all_schedules()
        except BoltError as error:
            return Message((f"{unread(error)} Nothing was changed.",))
        changed = watch_of_command(command, watch.pattern, _place(attempt, watch.since))
        changed = replace(changed, owner=watch.owner, branch=watch.branch)
        planned = await self._allowed(attempt, changed, schedules)
        return planned if isinstance(planned, Message) else replace(planned, number=watch.number)

    async def store(self, planned: PlannedWatch) -> StoredWatch | Message:
        """Make or change the watch, or say why that isn't possible. Raises StoreUnavailable."""
        new, attempt = planned.watch, planned.attempt
        same = next((one for one in await self._others(new) if _is_meant(one, planned)), None)
        if same is None and planned.number is not None:
            return no_such_watch(str(planned.number), self._slash_command)
        if same is None:
            entry = await self._gate.entry_about_watch(Event.WATCHED, attempt, new)
            accepted = await self._watches.add_watch(new, entry)
            if accepted.word == "same":
                # Somebody has just made this watch, so read it and change it instead.
                return await self.store(planned)
            if accepted.watch is None:
                return full(accepted)
            return self._stored(StoredWatch(accepted.watch, "new", planned.matching, planned.refused))
        watch = _changed(new, same)
        if replace(watch, made_by=same.made_by) == same:
            return self._stored(StoredWatch(same, "same", planned.matching, planned.refused))
        if same.is_from_file:
            return in_file(same)
        entry = await self._gate.entry_about_watch(Event.WATCH_CHANGED, attempt, watch)
        if not await self._watches.change_watch(watch, entry):
            return Message((f"Someone just removed watch {same.number}, so nothing was changed.",))
        return self._stored(StoredWatch(watch, "changed", planned.matching, planned.refused))

    async def describe(self, stored: StoredWatch) -> Message:
        """Say what a stored watch covers. Raises StoreUnavailable."""
        watch = stored.watch
        others = [one for one in await self._others(watch) if one.number != watch.number]
        return await self._describer.describe(watch, stored.word, stored.matching, others, stored.refused)

    def _stored(self, stored: StoredWatch) -> StoredWatch:
        watch = stored.watch
        log.info("watching", channel=watch.channel, number=watch.number, pattern=watch.pattern, word=stored.word)
        return stored

    async def _others(self, watch: Watch) -> list[Watch]:
        return [one for one in await self._watches.all_watches() if one.channel == watch.channel]

    async def _allowed(self, attempt: Attempt, watch: Watch, schedules: Sequence[Schedule]) -> PlannedWatch | Message:
        """Ask the policy about the schedules that a watch covers now."""
        watch = await self._with_zone(watch)
        covers = Covers.of([watch])
        matching = [one for one in schedules if covers.covering(watched(one))]
        decisions = await self._gate.decide_on_schedules(attempt, matching, some_suffice=True)
        refused = [one for one in decisions.values() if not one.allowed]
        if not refused:
            return PlannedWatch(watch, tuple(matching), attempt)
        log.warning("refused", action=attempt.action, user=attempt.asker.user, channel=attempt.asker.channel)
        if len(matching) < 2:
            return Message((refusal(refused[0], Action.WATCH, self._slash_command),))
        left_out = Refused(tuple(slug for slug, one in decisions.items() if not one.allowed), refused[0].reason)
        allowed = tuple(one for one in matching if decisions[one.slug].allowed)
        # No matter what it covers, each end is reported only if the policy allows that at the time.
        return PlannedWatch(watch, allowed, attempt, refused=left_out) if allowed else not_allowed(left_out)

    async def _with_zone(self, watch: Watch) -> Watch:
        """Add the time zone of the person who sets quiet hours, unless another one is named. UTC if it isn't known."""
        if watch.quiet is None or watch.time_zone:
            return watch
        person = await self._people.person(watch.made_by)
        return replace(watch, time_zone=person.time_zone or "UTC")

    async def _pattern(self, command: WatchCommand, schedules: Sequence[Schedule]) -> str | Message:
        """The slug of the schedule that is named, or the glob as typed; or why there's no such schedule."""
        typed = command.pattern_text
        called = schedules_called(typed, schedules) if typed != "*" else []
        if len(called) == 1:
            return called[0].slug
        if not called and any(sign in typed for sign in "*?["):
            return typed
        found = await self._finder.find_any(typed, lambda slug: replace(command, pattern_text=slug))
        return found if isinstance(found, Message) else found.schedule.slug


def _changed(new: Watch, same: Watch) -> Watch:
    """A watch with new options. If it's paused because the bot can't post in the channel, it stays paused until the bot can."""
    changed = replace(new, number=same.number, since=same.since)
    return replace(changed, paused=same.paused, paused_at=same.paused_at) if same.is_away else changed


def _place(attempt: Attempt, since: datetime) -> WatchPlace:
    asker = attempt.asker
    return WatchPlace(asker.team, asker.channel, since, asker.user)


def _is_meant(one: Watch, planned: PlannedWatch) -> bool:
    return is_about_the_same(one, planned.watch) if planned.number is None else one.number == planned.number
