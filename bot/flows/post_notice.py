"""Posting a notice once, in its channel or in the thread of a run's card.

`run_lines`, `slow` and `late` of `bot.core.watching` decide which runs and schedules get a notice; the wording is in
`bot.core.views.notice`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.core.model.card import Card
from bot.core.model.notice import Notice, NoticeRecord
from bot.core.model.run import CardRef
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.text.message import Message
from bot.core.views.notice import notice_message, people_in
from bot.core.watching.quiet import quiet_until
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.slack import People
from bot.flows.ports.store import PostLane
from bot.flows.ports.watch_store import NoticePosts, Watches
from bot.flows.poster import MessagePoster
from bot.flows.watch_permissions import WatchPermissions

log = structlog.get_logger()


class NoticePoster:
    """Sends claimed notices."""

    def __init__(
        self,
        poster: MessagePoster,
        posts: PostLane,
        notices: NoticePosts,
        watches: Watches,
        permissions: WatchPermissions,
        people: People,
        *,
        app_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._posts = posts
        self._notices = notices
        self._watches = watches
        self._permissions = permissions
        self._people = people
        self._poster = poster
        self._app_url = app_url
        self._now = now

    async def post_notice(self, lease: Lease, urgency: str, channel: str, key: str) -> None:
        """Send one notice, named <channel>/<name>. The notice is rendered from its newest state, after quiet hours."""
        name = key.partition("/")[2]
        post = ClaimedPost(lease, urgency, channel, f"notice:{channel}:{name}", "post")
        stored = await self._notices.load_notice(channel, name)
        if stored is None:
            # The notice's record has expired: the channel has refused it for too long.
            await self._notices.notice_given_up(post, name, "expired")
            return
        watch = await self._watch_of(stored.notice)
        wait_s = await self._wait_s(stored.notice, watch) if watch else None
        if wait_s is None:
            await self._notices.notice_given_up(post, name, "not wanted anymore, or not allowed")
            return
        if wait_s > 0:
            await self._posts.put_back(post, delay_s=wait_s)
            return
        why_not = await self._poster.try_to_post(post, lambda: self._post(post, stored))
        if why_not is not None:
            log.error("Slack refused a notice", name=name, channel=channel, why=why_not)
            await self._notices.notice_given_up(post, name, why_not)

    async def render(self, card: Card) -> tuple[str, Message] | None:
        """Render a notice's message for an edit: its revision and the message, or None if its record is gone."""
        channel, _, name = (card.notice or "").partition(":")
        stored = await self._notices.load_notice(channel, name)
        if stored is None:
            return None
        return f"note:{stored.rev}", await self._message(stored.notice)

    async def _watch_of(self, notice: Notice) -> Watch | None:
        watches = await self._watches.all_watches()
        return next((one for one in watches if (one.channel, one.number) == (notice.channel, notice.watch)), None)

    async def _wait_s(self, notice: Notice, watch: Watch) -> float | None:
        """How many seconds a notice has to wait: for the end of quiet hours, or for facts that the policy needs.

        None if the policy refuses the notice.
        """
        now = self._now()
        until = quiet_until(watch, now)
        if until is not None:
            return (until - now).total_seconds()
        decided = await self._permissions.decide(
            [watch], WatchedSchedule(notice.schedule, notice.title, owner=notice.owner)
        )
        return None if watch.name in decided.silent and not decided.wait_s else decided.wait_s

    async def _post(self, post: ClaimedPost, stored: NoticeRecord) -> None:
        notice = stored.notice
        message = await self._message(notice)
        ts = await self._poster.post_message_once(post, message, f"notice:{notice.key}", notice.thread or None)
        if ts is not None:
            recorded = await self._notices.notice_posted(post, stored, ts)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _message(self, notice: Notice) -> Message:
        found = {user: (await self._people.person(user)).name for user in sorted(people_in(notice))}
        return notice_message(notice, self._app_url, {user: name for user, name in found.items() if name})
