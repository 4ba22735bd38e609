"""Listing what is failing: the open incidents of a channel, or of all channels.

The wording is in `bot.core.views.failing_list`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.model.asker import Asker
from bot.core.model.channel import ChannelKind
from bot.core.model.command import FailingCommand
from bot.core.model.incident import StoredIncident
from bot.core.model.run import CardRef
from bot.core.text.message import Message
from bot.core.views.failing_list import Watched, failing_list, why_unknown
from bot.core.views.paging import page
from bot.core.views.retry_failing import NOTHING_FAILS
from bot.flows.ports.slack import Memberships, People
from bot.flows.ports.watch_store import Incidents, Watches

# A new watch's schedules are looked at within this time.
LOOKED_WITHIN = timedelta(minutes=1)


class FailingLister:
    """Answers `failing`, and `retry --failing` if nothing is failing.

    `message_url` returns the address of an incident's message, and `time` returns Bolt's time.
    """

    def __init__(
        self,
        incidents: Incidents,
        watches: Watches,
        people: People,
        memberships: Memberships,
        message_url: Callable[[CardRef], str | None],
        *,
        app_url: str,
        slash_command: str,
        time: Callable[[], datetime],
    ) -> None:
        self._incidents = incidents
        self._watches = watches
        self._people = people
        self._memberships = memberships
        self._message_url = message_url
        self._app_url = app_url
        self._slash_command = slash_command
        self._time = time

    async def list_failing(self, asker: Asker, command: FailingCommand, number: int = 1) -> Message:
        """List the channel's open incidents, or those of every channel. Raises StoreUnavailable."""
        found = await self._incidents.open_incidents(None if command.every else asker.channel)
        visible = found
        if command.every:
            names = await self._visible_channels(asker.user, {one.incident.channel for one in found})
            visible = [one for one in found if one.incident.channel in names]
        visible = sorted(visible, key=_since)
        return failing_list(
            page([one.incident for one in visible], number),
            command,
            app_url=self._app_url,
            prefix=self._slash_command,
            links=self._links(visible),
            hidden=len(found) - len(visible),
            watched=Watched.SEEN if found else await self._watched(asker.channel),
        )

    async def nothing_to_retry(self, channel: str) -> Message:
        """Say that nothing is failing in a channel, or why that isn't known yet. Raises StoreUnavailable."""
        return why_unknown(await self._watched(channel), self._slash_command) or Message((NOTHING_FAILS,))

    async def _watched(self, channel: str) -> Watched:
        began = [one.since for one in await self._watches.all_watches() if one.channel == channel]
        if not began:
            return Watched.NOTHING
        return Watched.NEW if self._time() - max(began) < LOOKED_WITHIN else Watched.SEEN

    def _links(self, found: list[StoredIncident]) -> dict[str, str]:
        links: dict[str, str] = {}
        for one in found:
            url = self._message_url(CardRef(one.incident.channel, one.ts)) if one.ts else None
            if url:
                links[one.incident.key] = url
        return links

    async def _visible_channels(self, user: str, channels: set[str]) -> set[str]:
        """The channels that a person may see: public ones, and those that they're in."""
        member_of = (await self._memberships.channels_of(user)).names
        return {
            one for one in channels if one in member_of or (await self._people.channel(one)).kind is ChannelKind.PUBLIC
        }


def _since(stored: StoredIncident) -> tuple[float, str]:
    """Sort key: longest failing first."""
    first = stored.incident.first
    at = first.ended_at if first else None
    return (at.timestamp() if at else 0.0, stored.incident.key)
