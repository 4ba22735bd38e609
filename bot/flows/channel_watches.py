"""The watches of a channel: listing and stopping them.

The wording is in `bot.core.views.watches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import structlog

from bot.core.model.asker import Asker
from bot.core.model.audit_entry import Event
from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelKind
from bot.core.model.command import UnwatchCommand, WatchesCommand
from bot.core.model.errors import BoltError
from bot.core.model.watch import Watch
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action
from bot.core.schedules.lookup import schedules_called
from bot.core.text.message import Message
from bot.core.views.paging import page
from bot.core.views.watches import ListedWatch, in_file, no_such_watch, stopped, watch_list, which_watch
from bot.core.watching.cover import Covers
from bot.core.watching.preview import watched
from bot.flows.authorize import Attempt, Authorizer
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.ports.slack import Memberships, People
from bot.flows.ports.watch_store import Watches
from bot.flows.schedule_catalog import ScheduleCatalog

log = structlog.get_logger()


class ChannelWatches:
    """Answers `watches` and `unwatch`."""

    def __init__(
        self,
        watches: Watches,
        catalog: ScheduleCatalog,
        gate: Authorizer,
        people: People,
        memberships: Memberships,
        closer: IncidentCloser,
        *,
        slash_command: str,
    ) -> None:
        self._watches = watches
        self._catalog = catalog
        self._gate = gate
        self._people = people
        self._memberships = memberships
        self._closer = closer
        self._slash_command = slash_command

    async def list_watches(self, asker: Asker, command: WatchesCommand, number: int = 1) -> Message:
        """List the channel's watches, or those of every channel. Raises StoreUnavailable."""
        found = await self._watches.all_watches()
        if not command.every:
            found = tuple(one for one in found if one.channel == asker.channel)
        shown = [one for one in found if not command.every or await self._is_visible(one.channel, asker.user)]
        counted = await self._counted(found)
        listed = [ListedWatch(one, counted.get(one.name, 0) if counted is not None else None) for one in shown]
        return watch_list(page(listed, number), command, prefix=self._slash_command, hidden=len(found) - len(shown))

    async def unwatch(self, attempt: Attempt, command: UnwatchCommand) -> Message:
        """Stop a watch of the channel, or ask which one is meant. Raises StoreUnavailable."""
        channel = attempt.asker.channel
        watches = [one for one in await self._watches.all_watches() if one.channel == channel]
        found, is_exact = _meant(command.watch_text, watches, await self._schedules() or [])
        if not found:
            return no_such_watch(command.watch_text, self._slash_command)
        if len(found) > 1 or not is_exact:
            return which_watch(command.watch_text, found)
        return await self._stop(attempt, found[0])

    async def _stop(self, attempt: Attempt, watch: Watch) -> Message:
        attempt = replace(attempt, text=f"{attempt.text} ({watch.pattern})")
        covers = Covers.of([replace(watch, paused="")])
        covered = [one for one in await self._schedules() or [] if covers.covering(watched(one))]
        decisions = await self._gate.decide_on_schedules(attempt, covered)
        refused = [one for one in decisions.values() if not one.allowed]
        if refused:
            log.warning("refused", action=attempt.action, user=attempt.asker.user, channel=watch.channel)
            return Message((refusal(refused[0], Action.WATCH, self._slash_command),))
        if watch.is_from_file:
            return in_file(watch)
        entry = await self._gate.entry_about_watch(Event.UNWATCHED, attempt, watch)
        if not await self._watches.remove_watch(watch.channel, watch.number, entry):
            return no_such_watch(str(watch.number), self._slash_command)
        log.info("stopped watching", channel=watch.channel, number=watch.number, pattern=watch.pattern)
        await self._closer.close_uncovered(watch.channel, await self._watches.all_watches())
        return stopped(watch)

    async def _counted(self, watches: Sequence[Watch]) -> dict[str, int] | None:
        """The number of schedules for which each watch is the deciding one, or None if Bolt doesn't list them."""
        schedules = await self._schedules()
        if schedules is None:
            return None
        covers, counted = Covers.of(watches), dict[str, int]()
        for schedule in schedules:
            for one in covers.deciding(watched(schedule)).values():
                counted[one.name] = counted.get(one.name, 0) + 1
        return counted

    async def _schedules(self) -> list[Schedule] | None:
        try:
            return await self._catalog.all_schedules()
        except BoltError as error:
            log.info("watches are listed without their schedules", why=str(error))
            return None

    async def _is_visible(self, channel: str, user: str) -> bool:
        """Whether a person may see that a channel exists: it's public, or they're in it."""
        if (await self._people.channel(channel)).kind is ChannelKind.PUBLIC:
            return True
        return channel in (await self._memberships.channels_of(user)).names


def _meant(watch_text: str, watches: Sequence[Watch], schedules: Sequence[Schedule]) -> tuple[list[Watch], bool]:
    """The watches that may be meant, and whether they're named exactly: by number, pattern or schedule."""
    digits = watch_text.removeprefix("#")
    if digits.isascii() and digits.isdecimal() and (numbered := [one for one in watches if one.number == int(digits)]):
        return numbered, True
    named = {one.slug for one in schedules_called(watch_text, schedules)}
    exact = [one for one in watches if one.pattern.lower() == watch_text.lower() or one.pattern in named]
    if exact:
        return exact, True
    of_schedule = {
        one.name: one
        for schedule in schedules
        if schedule.slug in named
        for one in Covers.of(watches).covering(watched(schedule))
    }
    fitting = [one for one in watches if "*" in watch_text and fnmatchcase(one.pattern.lower(), watch_text.lower())]
    return list((of_schedule | {one.name: one for one in fitting}).values()), False
