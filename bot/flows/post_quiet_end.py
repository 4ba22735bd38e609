"""Posting the message at the end of quiet hours, once.

`bot.core.watching.quiet` decides when quiet hours are and what they withhold. The wording is in
`bot.core.views.quiet_end`.
"""

from __future__ import annotations

import structlog

from bot.core.model.incident import Incident, QuietEnd
from bot.core.model.run import CardRef
from bot.core.model.run_end import WatchedSchedule
from bot.core.text.message import Message
from bot.core.views.quiet_end import quiet_end_message
from bot.core.watching.quiet import as_it_is
from bot.flows.claimed_post import DROPPED, ClaimedPost
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.ports.store import PostLane
from bot.flows.ports.watch_store import IncidentAccounts, QuietEnds, Watches
from bot.flows.poster import MessagePoster
from bot.flows.watch_permissions import WatchPermissions
from bot.flows.whom_to_mention import IncidentPeople

log = structlog.get_logger()


class QuietEndPoster:
    """Sends claimed messages about ends of quiet hours."""

    def __init__(
        self,
        poster: MessagePoster,
        posts: PostLane,
        ends: QuietEnds,
        incidents: IncidentAccounts,
        people: IncidentPeople,
        watches: Watches,
        permissions: WatchPermissions,
        *,
        app_url: str,
        slash_command: str,
    ) -> None:
        self._posts = posts
        self._ends = ends
        self._incidents = incidents
        self._people = people
        self._watches = watches
        self._permissions = permissions
        self._covers = CoverCache()
        self._poster = poster
        self._app_url = app_url
        self._slash_command = slash_command

    async def post_quiet_end(self, lease: Lease, urgency: str, channel: str, name: str) -> None:
        """Send one message, named <end>/<channel>."""
        name = name.partition("/")[0]
        end = await self._ends.load_end(channel, name)
        post = ClaimedPost(lease, urgency, channel, f"quiet:{channel}:{name}", "post")
        if end is None:
            await self._ends.end_posted(post, name, DROPPED)
            return
        why_not = await self._poster.try_to_post(post, lambda: self._post(post, end))
        if why_not is not None:
            log.error("Slack refused the list of incidents that quiet hours withheld", channel=channel, why=why_not)
            await self._ends.end_posted(post, name, why_not)

    async def _post(self, post: ClaimedPost, end: QuietEnd) -> None:
        listed, wait_s = await self._listed(end)
        if wait_s:
            await self._posts.put_back(post, delay_s=wait_s)
            return
        if not listed:
            await self._ends.end_posted(post, end.name, "refused")
            return
        message, key = await self._message(listed, end.mentions), f"quiet:{end.channel}:{end.name}"
        ts = await self._poster.post_message_once(post, message, key)
        if ts is not None:
            recorded = await self._ends.end_posted(post, end.name, ts)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _listed(self, end: QuietEnd) -> tuple[list[Incident], float]:
        """The incidents that may be reported to the channel, as they are now, and how many seconds to wait.

        The seconds are 0 if the policy could decide on all of them.
        """
        covers, listed, wait_s = self._covers.of(await self._watches.all_watches()), list[Incident](), 0.0
        found = await self._incidents.load_incidents([(end.channel, one.schedule) for one in end.incidents])
        for kept, now in zip(end.incidents, found, strict=True):
            schedule = WatchedSchedule(kept.schedule, kept.name, owner=kept.owner)
            deciding, tellings = await self._permissions.deciding(covers, schedule)
            wait_s = max(wait_s, tellings.wait_s)
            if end.channel in deciding:
                listed.append(as_it_is(kept, now.incident if now else None))
        return listed, wait_s

    async def _message(self, listed: list[Incident], mentioned: tuple[str, ...]) -> Message:
        names = await self._people.names_in(listed)
        notified = [one for one in listed if one.schedule in mentioned and one.is_open]
        mentions = await self._people.mention_all(notified)
        return quiet_end_message(listed, self._app_url, self._slash_command, names, mentions)
