"""Posting each message about a gap once, followed in its thread by an account of what happened in the meantime.

`bot.flows.advance_gap` decides when they're due, and the wording is in `bot.core.views.listing_gap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from bot.core.model.card import Card
from bot.core.model.incident import Incident
from bot.core.model.listing_gap import GapNotice, GapRun, StoredNotice
from bot.core.model.run import CardRef
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.core.text.message import Message
from bot.core.views.listing_gap import gap_csv, gap_message, gap_runs
from bot.core.watching.quiet import as_it_is
from bot.flows.claimed_post import DROPPED, ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane
from bot.flows.ports.watch_store import IncidentAccounts, ListingGaps
from bot.flows.post_once import post_once
from bot.flows.poster import MessagePoster
from bot.flows.quiet_hours import QuietHours
from bot.flows.share_file import start_upload
from bot.flows.whom_to_mention import IncidentPeople

log = structlog.get_logger()

MESSAGE_AGAIN_S = 1.0
MESSAGE, RUNS, FILE = "0", "1", "2"


class GapPoster:
    """Sends claimed posts about gaps. `mask` is applied to the file's text."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        gaps: ListingGaps,
        incidents: IncidentAccounts,
        people: IncidentPeople,
        quiet: QuietHours,
        *,
        app_url: str,
        slash_command: str,
        settle_s: float,
        mask: Callable[[str], str],
    ) -> None:
        self._chat = chat
        self._posts = posts
        self._gaps = gaps
        self._incidents = incidents
        self._people = people
        self._quiet = quiet
        self._poster = MessagePoster(chat, posts, settle_s=settle_s)
        self._app_url = app_url
        self._slash_command = slash_command
        self._settle_s = settle_s
        self._mask = mask

    async def post_of_gap(self, lease: Lease, urgency: str, channel: str, name: str) -> None:
        """Send one post: the message, the runs in its thread, or all runs as a file.

        `name` is <what>/<channel>/<number>.
        """
        what, _, rest = name.partition("/")
        number = rest.rpartition("/")[2]
        post = ClaimedPost(lease, urgency, channel, f"gap:in:{channel}:{number}", f"post-{what}")
        stored = await self._gaps.load_notice(channel, number)
        if stored is None:
            await self._gaps.posted(post, number, DROPPED)
            return
        quiet_s = await self._quiet.in_channel_s(channel)
        if quiet_s:
            # The post was queued before the quiet hours began.
            await self._posts.put_back(post, delay_s=quiet_s)
            return
        why_not = await self._poster.try_to_post(
            post, lambda: self._message(post, stored) if what == MESSAGE else self._thread(post, stored, what)
        )
        if why_not is not None:
            log.error("Slack refused a post about a gap", channel=channel, why=why_not)
            await self._gaps.posted(post, number, why_not)

    async def render(self, card: Card) -> tuple[str, Message] | None:
        """Render a message for an edit. Returns its revision and the message, or None if it isn't on record anymore."""
        channel, _, number = (card.gap or "").rpartition(":")
        stored = await self._gaps.load_notice(channel, number)
        if stored is None or stored.ts != card.ref.ts:
            return None
        return f"gap:{stored.rev}", await self._render(stored)

    async def replace_deleted(self, card: Card) -> None:
        """Post a new message instead of one that was deleted, unless the channel's watches are paused or stopped."""
        channel, _, number = (card.gap or "").rpartition(":")
        stored = await self._gaps.load_notice(channel, number)
        again = stored is not None and not stored.notice.unwatched
        await self._gaps.message_deleted(card.id, channel, number, card.ref.ts, again=again)

    async def _render(self, stored: StoredNotice) -> Message:
        notice, listed = stored.notice, await self._listed(stored.notice)
        names = await self._people.names_in(listed)
        return gap_message(notice, listed, self._app_url, self._slash_command, names)

    async def _listed(self, notice: GapNotice) -> list[Incident]:
        """The incidents that a message lists, as they are now."""
        found = await self._incidents.load_incidents([(notice.channel, one.schedule) for one in notice.incidents])
        return [as_it_is(one, now.incident if now else None) for one, now in zip(notice.incidents, found, strict=True)]

    async def _runs(self, notice: GapNotice, runs: Sequence[GapRun]) -> Message:
        """Build the list of runs for the thread. People are mentioned in it, because an edit of the message notifies nobody."""
        notified = [one for one in await self._listed(notice) if one.schedule in notice.mentions and one.is_open]
        return gap_runs(runs, self._app_url, await self._people.mention_all(notified))

    async def _message(self, post: ClaimedPost, stored: StoredNotice) -> None:
        ts = await self._poster.post_message_once(post, await self._render(stored), self._key(stored))
        if ts is not None:
            recorded = await self._gaps.message_posted(post, stored, ts)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _thread(self, post: ClaimedPost, stored: StoredNotice, what: str) -> None:
        number = stored.notice.gap.number
        runs = await self._gaps.runs_in(number, post.channel)
        if not runs:
            await self._gaps.posted(post, str(number), "nothing")
            return
        if not stored.ts:
            await self._posts.put_back(post, delay_s=MESSAGE_AGAIN_S)
            return
        if what == FILE:
            ts = await self._file(post, stored, self._mask(gap_csv(runs)))
        else:
            message, key = await self._runs(stored.notice, runs), f"{self._key(stored)}:{what}"
            ts = await self._poster.post_message_once(post, message, key, stored.ts)
        if ts is None:
            return
        recorded = await self._gaps.posted(post, str(number), ts)
        if what != FILE:
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _file(self, post: ClaimedPost, stored: StoredNotice, table: str) -> str | None:
        thread, card = stored.ts, f"{stored.notice.team}:{post.channel}:{stored.ts}"

        async def send() -> str:
            file_id = await start_upload(self._chat, "runs.csv", table.encode(), snippet=False)
            await self._posts.note_file(card, file_id)
            # A bot that has since been removed from the channel doesn't join it again for this.
            await self._chat.share_upload(post.channel, thread, file_id, "All runs")
            return file_id

        async def find(since: float) -> MessageFound | MessageAbsent | SearchInconclusive:
            known = await self._posts.load_card(card)
            if known is None or known.file_id is None:
                return MessageAbsent()
            return await self._chat.find_upload(post.channel, thread, known.file_id, since=since)

        return await post_once(self._posts, post, send=send, find=find, settle_s=self._settle_s, twice_is_better=True)

    def _key(self, stored: StoredNotice) -> str:
        return f"gap:{stored.notice.channel}:{stored.notice.gap.number}"
