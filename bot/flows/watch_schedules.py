"""Making a watch: what it covers, whether the policy allows it, and what it would have reported lately."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelInfo
from bot.core.model.command import WatchCommand
from bot.core.model.errors import BoltError
from bot.core.model.watch import Watch
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action
from bot.core.schedules.lookup import schedules_called
from bot.core.text.message import Message
from bot.core.text.name_folding import fold
from bot.core.views.watches import Made, Refused, full, in_file, made, not_allowed
from bot.core.watching.cover import Covers
from bot.core.watching.missed_owners import MissedOwners
from bot.core.watching.preview import watched
from bot.core.watching.untold import untold
from bot.core.watching.wanted import WatchPlace, is_about_the_same, wanted_watch
from bot.flows.authorize import Attempt, Authorizer
from bot.flows.check_owners import OwnerChecker
from bot.flows.find_schedule import ScheduleFinder, unread
from bot.flows.own_channel import why_cannot_post, why_not_here
from bot.flows.ports.slack import Chat, People
from bot.flows.ports.store import Watches
from bot.flows.preview_watch import WatchPreviewer
from bot.flows.schedule_catalog import ScheduleCatalog

log = structlog.get_logger()


class ScheduleWatcher:
    """Answers `watch`. A watch that the channel has already, for the same schedules, is changed instead."""

    def __init__(
        self,
        watches: Watches,
        catalog: ScheduleCatalog,
        finder: ScheduleFinder,
        gate: Authorizer,
        people: People,
        chat: Chat,
        previewer: WatchPreviewer,
        owners: OwnerChecker,
        *,
        command: str,
        now: Callable[[], datetime],
    ) -> None:
        self._watches = watches
        self._catalog = catalog
        self._finder = finder
        self._gate = gate
        self._people = people
        self._chat = chat
        self._previewer = previewer
        self._owners = owners
        self._command = command
        self._now = now

    async def watch(self, attempt: Attempt, command: WatchCommand) -> Message:
        """Make or change a watch of the channel, and say what it covers. Raises StoreUnavailable."""
        why_not = untold(command) or await why_not_here(self._chat, attempt.asker)
        if why_not is not None:
            return Message((why_not,))
        try:
            schedules = await self._catalog.all_schedules()
            pattern = await self._pattern(command, schedules)
        except BoltError as error:
            return Message((f"{unread(error)} Nothing was changed.",))
        if isinstance(pattern, Message):
            return pattern
        asker = attempt.asker
        place = WatchPlace(asker.team, asker.channel, self._now(), asker.user)
        wanted = await self._with_zone(wanted_watch(command, pattern, place))
        covers = Covers.of([wanted])
        matching = [one for one in schedules if covers.covering(watched(one))]
        return await self._why_not(attempt, matching) or await self._store(wanted, matching)

    async def _with_zone(self, watch: Watch) -> Watch:
        """Quiet hours are in the time zone of whoever sets them, unless another one is named. UTC if it isn't known."""
        if watch.quiet is None or watch.time_zone:
            return watch
        person = await self._people.person(watch.made_by)
        return replace(watch, time_zone=person.time_zone or "UTC")

    async def _store(self, wanted: Watch, matching: Sequence[Schedule]) -> Message:
        others = [one for one in await self._watches.all_watches() if one.channel == wanted.channel]
        same = next((one for one in others if is_about_the_same(one, wanted)), None)
        if same is None:
            accepted = await self._watches.add_watch(wanted)
            if accepted.watch is None:
                return full(accepted)
            watch, word = accepted.watch, "new"
        elif replace(_changed(wanted, same), made_by=same.made_by) == same:
            watch, word = same, "same"
        elif same.is_from_file:
            return in_file(same)
        else:
            watch, word = _changed(wanted, same), "changed"
            if not await self._watches.change_watch(watch):
                return Message((f"Somebody just stopped watch {same.number}. Nothing was changed.",))
        log.info("watching", channel=watch.channel, number=watch.number, pattern=watch.pattern, word=word)
        channel_info = await self._people.channel(watch.channel)
        beside = [one for one in others if one.number != watch.number]
        cannot_post = await why_cannot_post(self._chat, channel_info)
        preview, missed = await asyncio.gather(self._previewer.preview(watch, matching), self._missed(watch, matching))
        return made(
            Made(
                watch,
                word,
                preview,
                _notified(matching, channel_info),
                _decided_elsewhere(watch, beside, matching),
                cannot_post,
                missed,
            )
        )

    async def _missed(self, watch: Watch, matching: Sequence[Schedule]) -> MissedOwners:
        if watch.mention != "owner":
            return MissedOwners()
        return await self._owners.missed(watch.channel, (watched(one) for one in matching))

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

    async def _why_not(self, attempt: Attempt, matching: Sequence[Schedule]) -> Message | None:
        """Ask the policy for each schedule that is covered now. None if it allows all of them.

        A pattern that covers a refused one isn't accepted, because reports aren't checked again for each schedule.
        """
        decisions = await self._gate.decide_on_schedules(attempt, matching)
        refused = [one for one in decisions.values() if not one.allowed]
        if not refused:
            return None
        log.warning("refused", action=attempt.action, user=attempt.asker.user, channel=attempt.asker.channel)
        if len(matching) < 2:
            return Message((refusal(refused[0], Action.WATCH, self._command),))
        names = tuple(slug for slug, one in decisions.items() if not one.allowed)
        return not_allowed(Refused(names, refused[0].reason), len(matching))


def _decided_elsewhere(watch: Watch, others: Sequence[Watch], schedules: Sequence[Schedule]) -> int:
    covers = Covers.of([watch, *others])
    deciding = [covers.deciding(watched(one)).get(watch.channel) for one in schedules]
    return sum(one is not None and one.number != watch.number for one in deciding)


def _notified(schedules: Sequence[Schedule], channel_info: ChannelInfo) -> tuple[str, ...]:
    """The schedules for which Bolt itself posts to the channel."""
    here = {fold(channel_info.channel)} | ({fold(channel_info.name)} if channel_info.name else set())
    return tuple(
        one.slug
        for one in schedules
        if here
        & {
            fold(name.lstrip("#"))
            for name in (*one.slack_notify, *(sent.channel for sent in one.notifications if sent.medium == "slack"))
        }
    )


def _changed(wanted: Watch, same: Watch) -> Watch:
    """A watch with new options. If the bot isn't in the channel, it still goes on only once it is."""
    changed = replace(wanted, number=same.number, since=same.since)
    return replace(changed, paused=same.paused, paused_at=same.paused_at) if same.is_away else changed
