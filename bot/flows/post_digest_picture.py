"""Posting the picture of a digest in its thread: at least once. The digest doesn't depend on its picture.

`bot.charts.digest` lays it out.
"""

from __future__ import annotations

import structlog

from bot.core.model.digest import Digest
from bot.core.model.errors import ChartFailed
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.core.watching.digest_chart import DigestChart, alt_text
from bot.core.watching.digest_time import Slot, since
from bot.flows.claimed_post import ClaimedPost
from bot.flows.ports.charts import Charts
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane
from bot.flows.post_once import post_once
from bot.flows.read_digest import DigestReader

log = structlog.get_logger()

FILE_NAME = "digest.png"
NOT_DRAWN = "not drawn"


class DigestPicturePoster:
    """Draws and shares pictures of digests. `settle_s`: how long a call with a lost response may still take effect."""

    def __init__(self, chat: Chat, posts: PostLane, reader: DigestReader, charts: Charts, *, settle_s: float) -> None:
        self._chat = chat
        self._posts = posts
        self._reader = reader
        self._charts = charts
        self._settle_s = settle_s

    @property
    def can_draw(self) -> bool:
        """Whether digests have pictures at all."""
        return self._charts.is_installed

    async def post_picture(self, post: ClaimedPost, digest: Digest, slot: Slot, ts: str) -> str | None:
        """Post the picture of a digest in the thread of its message.

        Returns its file's id, or why there's no picture, or None if it was put back for later. Raises SlackRefused.
        """
        # If it may already have been posted, it's searched for before it's drawn.
        is_new = (await self._posts.attempt(post, "look")).word == "go"
        try:
            drawn = await self._draw(digest, slot) if is_new else None
            return await self._once(post, digest, slot, ts, drawn)
        except ChartFailed as failed:
            log.warning("a digest has no picture", channel=post.channel, why=failed.sentence)
            return NOT_DRAWN

    async def _once(
        self, post: ClaimedPost, digest: Digest, slot: Slot, ts: str, drawn: tuple[DigestChart, bytes] | None
    ) -> str | None:
        uploaded = await self._posts.attachment_of(post)

        async def send() -> str:
            shown, picture = drawn or await self._draw(digest, slot)
            file_id = await self._chat.start_upload(FILE_NAME, picture, snippet=False, alt=alt_text(shown))
            await self._posts.note_attachment(post, file_id)
            # A bot that has since been removed from the channel doesn't join it again for this.
            await self._chat.share_upload(post.channel, ts, file_id, shown.title)
            return file_id

        async def find(since_s: float) -> MessageFound | MessageAbsent | SearchInconclusive:
            if uploaded is None:
                return MessageAbsent()
            return await self._chat.find_upload(post.channel, ts, uploaded, since=since_s)

        return await post_once(self._posts, post, send=send, find=find, settle_s=self._settle_s, twice_is_better=True)

    async def _draw(self, digest: Digest, slot: Slot) -> tuple[DigestChart, bytes]:
        """The figures and their picture. Raises ChartFailed, for example if there's nothing to draw."""
        shown = await self._reader.read_chart(digest, since(digest, slot), slot.at)
        if shown is None:
            raise ChartFailed("There's nothing to draw.")
        return shown, await self._charts.draw_digest(shown)
