"""Checking watched channels: watches pause while the bot can't post there, or isn't allowed to, and resume afterward.

A channel is checked once a day, soon after a watch is made, and at once when Slack reports a change or refuses a post.
The decision depends on Slack's answer about the channel, not on the event, which may be lost, late, or delivered twice.

The wording is in `bot.core.views.watch_pause`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.core.model.audit_entry import AuditEntry, Event
from bot.core.model.channel import ChannelState
from bot.core.model.channel_back import ChannelBack
from bot.core.model.current import Current
from bot.core.model.errors import CredentialRefused, SlackError, SlackRefused
from bot.core.model.incident import HIDDEN
from bot.core.model.watch import AWAY_MOST, OPERATOR, Pause, PauseChange, Watch
from bot.core.policy.rules import Policy
from bot.core.policy.watch_reports import watches_shared_channels
from bot.core.text.message import Message
from bot.core.views.watch_pause import pause_notice, why_paused
from bot.flows.close_unwatched_incidents import TRIES, IncidentCloser
from bot.flows.lease import Lease
from bot.flows.ports.slack import Channels, Chat, People
from bot.flows.ports.store import Audit, Due
from bot.flows.ports.watch_store import ChannelsBack, Incidents, Watches

log = structlog.get_logger()

CHECKED_EVERY_S = 86_400.0
# When to check again if Slack doesn't describe the channel now, or doesn't accept a private message.
AGAIN_S = 60.0


class WatchedChannelChecker:
    """Checks one channel at a time."""

    def __init__(
        self,
        watches: Watches,
        incidents: Incidents,
        channels_back: ChannelsBack,
        closer: IncidentCloser,
        channels: Channels,
        people: People,
        chat: Chat,
        audit: Audit,
        due: Due,
        policy: Current[Policy],
        *,
        slash_command: str,
        now: Callable[[], datetime],
    ) -> None:
        self._watches = watches
        self._incidents = incidents
        self._channels_back = channels_back
        self._closer = closer
        self._channels = channels
        self._people = people
        self._chat = chat
        self._audit = audit
        self._due = due
        self._policy = policy
        self._slash_command = slash_command
        self._now = now

    async def check_channel(self, lease: Lease) -> None:
        """Check the claimed channel."""
        channel = lease.member
        watches = await self._of(channel)
        if not watches:
            await self._watches.leave_channel(lease)
            return
        try:
            state = await self._channels.channel_state(channel)
            pauses = {watch.number: await self._pause_for(watch, state) for watch in watches}
        except SlackError as error:
            log.info("a watched channel can't be checked", channel=channel, why=str(error))
            wait_s = CHECKED_EVERY_S if isinstance(error, CredentialRefused) else AGAIN_S
            await self._due.give_back(lease, delay_s=wait_s)
            return
        for pause in {*pauses.values()}:
            changing = [watch for watch in watches if pauses[watch.number] is pause and watch.paused != (pause or "")]
            if changing:
                await self._change(channel, changing, pause)
        again_s = CHECKED_EVERY_S
        if state.is_readable and state.is_member and not state.is_archived:
            if None in pauses.values() and await self._channels_back.is_held(channel):
                # The paused watch is gone, and another was made in the meantime: no watch was resumed just now.
                await self._channel_back(channel, watches, self._now())
            # The channel may have refused a post or an edit since the last check.
            again_s = await self._channels_back.channel_fit(channel) or CHECKED_EVERY_S
        await self._delete_old(channel)
        is_told = await self._notify(channel)
        await self._due.give_back(lease, delay_s=again_s if is_told else AGAIN_S)

    async def _of(self, channel: str) -> list[Watch]:
        return [watch for watch in await self._watches.all_watches() if watch.channel == channel]

    async def _pause_for(self, watch: Watch, state: ChannelState) -> Pause | None:
        """Why a watch has to be paused, or None if it doesn't."""
        if not state.is_readable:
            # It's unknown whether the channel is shared, so a suspended watch stays suspended.
            return Pause(watch.paused) if watch.is_suspended else Pause.REMOVED
        if state.is_shared and not watches_shared_channels(self._policy.value):
            return Pause.SHARED
        if watch.made_by != OPERATOR and await self._is_deactivated(watch):
            return Pause.DEACTIVATED
        if state.is_archived:
            return Pause.ARCHIVED
        return None if state.is_member else Pause.REMOVED

    async def _is_deactivated(self, watch: Watch) -> bool:
        """Whether the creator's account is deactivated. If Slack doesn't say, the last known answer holds."""
        roles = (await self._people.person(watch.made_by, acts=True)).roles
        return watch.paused == Pause.DEACTIVATED if roles is None else not roles

    async def _change(self, channel: str, watches: Sequence[Watch], pause: Pause | None) -> None:
        """Pause watches, or resume them."""
        now = self._now()
        if pause is None:
            await self._channel_back(channel, watches, now)
            change = PauseChange(None, now, Event.WATCH_RESUMED, "")
        else:
            is_told = pause in {Pause.SHARED, Pause.DEACTIVATED}
            change = PauseChange(pause, now, Event.WATCH_PAUSED, why_paused(pause), notify=is_told)
        changed = await self._watches.pause_watches(channel, [watch.number for watch in watches], change)
        for number in changed:
            log.info("a watch is paused" if pause else "a watch resumes", channel=channel, number=number, why=pause)
        if pause is Pause.SHARED:
            for stored in await self._incidents.open_incidents(channel):
                await self._closer.close(stored.incident.schedule, [channel], HIDDEN)

    async def _channel_back(self, channel: str, watches: Sequence[Watch], now: datetime) -> None:
        """Queue one message about what happened in the meantime. An archived channel gets it only if there's news."""
        since = min((watch.paused_at for watch in watches if watch.paused_at), default=now)
        always = any(watch.paused != Pause.ARCHIVED for watch in watches)
        schedules = await self._channels_back.channel_back(channel, ChannelBack(since, always))
        log.info("posting in a channel is possible again", channel=channel, incidents=len(schedules))
        for schedule in schedules:
            await self._silence(channel, schedule)

    async def _silence(self, channel: str, schedule: str) -> None:
        """Mark an incident without a message as needing none, because the channel's message names it.

        The next failure gets a message of its own.
        """
        for _ in range(TRIES):
            stored = await self._incidents.load_incident(channel, schedule)
            if stored is None or stored.ts or stored.incident.silent:
                return
            if await self._incidents.store_incident(stored, replace(stored.incident, silent=True), "none"):
                return

    async def _delete_old(self, channel: str) -> None:
        """Delete watches that have been waiting for the bot's return for too long."""
        now, deleted = self._now(), False
        for watch in await self._of(channel):
            if not watch.is_away or watch.paused_at is None or now - watch.paused_at < AWAY_MOST:
                continue
            why = f"paused for {AWAY_MOST.days} days because {why_paused(Pause(watch.paused))}"
            entry = AuditEntry(
                Event.WATCH_DELETED,
                team=watch.team,
                channel=channel,
                action="watch",
                text=f"watch {watch.number}",
                schedule=watch.pattern,
                outcome=why,
            )
            await self._audit.add_entry(entry)
            deleted |= await self._watches.remove_watch(channel, watch.number)
        if deleted:
            await self._closer.close_uncovered(channel, await self._of(channel))

    async def _notify(self, channel: str) -> bool:
        """Tell people about suspended watches, once each. Returns False if somebody has to be told later."""
        told: dict[tuple[str, Pause], list[Watch]] = defaultdict(list)
        for watch in await self._of(channel):
            if watch.notify and watch.is_suspended:
                told[watch.made_by, Pause(watch.paused)].append(watch)
        every = True
        for (made_by, pause), watches in told.items():
            message = pause_notice(watches, pause, made_by, self._slash_command)
            people = await self._whom_to_tell(watches[0], pause)
            if not people:
                log.error("a watch is paused, and there's no admin to notify", channel=channel, why=pause)
            heard = [await self._tell(user, message) for user in people]
            if not all(heard):
                every = False
                continue
            change = PauseChange(pause, self._now(), Event.WATCH_PAUSED, "", notify=False)
            await self._watches.pause_watches(channel, [watch.number for watch in watches], change)
        return every

    async def _tell(self, user: str, message: Message) -> bool:
        """Send a direct message. Returns False if Slack may accept it later."""
        try:
            await self._chat.post_direct(user, message, key="watch-paused")
        except SlackRefused as refused:
            log.error("someone can't be notified about a paused watch", user=user, why=refused.code)
        except SlackError as error:
            log.info("a message about a paused watch has to wait", user=user, why=str(error))
            return False
        return True

    async def _whom_to_tell(self, watch: Watch, pause: Pause) -> tuple[str, ...]:
        """The watch's creator, or admins if the creator has left or is the operator."""
        if watch.made_by == OPERATOR or pause is Pause.DEACTIVATED or await self._is_deactivated(watch):
            return await self._channels.admins()
        return (watch.made_by,)
