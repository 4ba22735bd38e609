"""Posting the one message of what happened while the bot couldn't post in a channel."""

from __future__ import annotations

from functools import partial

import structlog

from bot.core.model.channel_report import ChannelReport
from bot.core.model.incident import Incident, IncidentState
from bot.core.model.run import CardRef
from bot.core.model.run_end import WatchedSchedule
from bot.core.text.message import Message
from bot.core.text.text import When
from bot.core.views.watch_pause import back_report
from bot.flows.claimed_post import ClaimedPost
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane
from bot.flows.ports.watch_store import ChannelReports, Watches
from bot.flows.poster import MessagePoster
from bot.flows.watch_permissions import WatchPermissions

log = structlog.get_logger()


class ChannelReporter:
    """Sends claimed reports."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        reports: ChannelReports,
        watches: Watches,
        permissions: WatchPermissions,
        *,
        app_url: str,
        settle_s: float,
    ) -> None:
        self._reports = reports
        self._watches = watches
        self._permissions = permissions
        self._poster = MessagePoster(chat, posts, settle_s=settle_s)
        self._covers = CoverCache()
        self._app_url = app_url

    async def post_report(self, lease: Lease, urgency: str, channel: str, _name: str) -> None:
        """Post the report of a channel, as of now."""
        post = ClaimedPost(lease, urgency, channel, f"back:{channel}", "post")
        report = await self._reports.load_report(channel)
        if report is None:
            await self._reports.report_posted(post, "gone")
            return
        incidents = await self._told(channel, report)
        failing = [one for one in incidents if one.is_open]
        recovered = [one for one in incidents if _has_recovered_since(one, report)]
        if not (failing or recovered or report.always):
            await self._reports.report_posted(post, "nothing")
            return
        message = back_report(failing, recovered, When(report.since, "date_time"), self._app_url)
        send = partial(self._post, post, message, f"back:{channel}:{report.since.timestamp()}")
        why_not = await self._poster.try_to_post(post, send, even_if_unreachable=True)
        if why_not is not None:
            log.error("Slack refused a channel's report", channel=channel, why=why_not)
            await self._reports.report_posted(post, why_not)

    async def _post(self, post: ClaimedPost, message: Message, key: str) -> None:
        ts = await self._poster.post_message_once(post, message, key)
        if ts is not None:
            recorded = await self._reports.report_posted(post, ts)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _told(self, channel: str, report: ChannelReport) -> list[Incident]:
        """The incidents that the report is about: those of which the channel may hear."""
        keys = [(channel, schedule) for schedule in report.schedules]
        incidents = [one.incident for one in await self._reports.load_incidents(keys) if one is not None]
        covers = self._covers.of(await self._watches.all_watches())
        told = []
        for one in incidents:
            schedule = WatchedSchedule(one.schedule, one.name, owner=one.owner)
            if channel in (await self._permissions.deciding(covers, schedule))[0]:
                told.append(one)
        return told


def _has_recovered_since(incident: Incident, report: ChannelReport) -> bool:
    by = incident.recovered_by
    ended_at = by.ended_at if incident.state is IncidentState.RECOVERED and by else None
    return ended_at is not None and ended_at >= report.since
