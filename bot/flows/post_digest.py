"""Posting a channel's digest, once per date.

`bot.core.watching.digest_time` decides when a digest is due, and its content is in `bot.core.views.digest`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import structlog

from bot.core.model.asker import Asker
from bot.core.model.digest import Digest
from bot.core.model.run import CardRef
from bot.core.policy.decision import Verdict
from bot.core.policy.rules import Action, Question
from bot.core.watching.digest_time import Slot, is_wanted, since, slot_on
from bot.flows.authorize import Authorizer
from bot.flows.claimed_post import DIGEST, ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.store import PostLane
from bot.flows.ports.watch_store import Digests
from bot.flows.post_digest_picture import DigestPicturePoster
from bot.flows.post_once import Unresolved
from bot.flows.poster import MessagePoster
from bot.flows.read_digest import DigestReader

log = structlog.get_logger()

UNKNOWN_AGAIN_S = 60.0
# The prefix of a picture's name. Posts whose names begin with it use the uploads' budget.
PICTURE = "file-"


class DigestPoster:
    """Sends claimed digests."""

    def __init__(
        self,
        poster: MessagePoster,
        posts: PostLane,
        digests: Digests,
        reader: DigestReader,
        gate: Authorizer,
        pictures: DigestPicturePoster,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._posts = posts
        self._digests = digests
        self._reader = reader
        self._gate = gate
        self._pictures = pictures
        self._poster = poster
        self._now = now

    async def post_digest(self, lease: Lease, urgency: str, channel: str, name: str) -> None:
        """Send one digest, named <date>/<channel>, or its picture, named file-<date>/<channel>."""
        what, _, _ = name.partition("/")
        day = what.removeprefix(PICTURE)
        post = ClaimedPost(lease, urgency, channel, f"{DIGEST}:{channel}:{day}", "post" if what == day else "picture")
        digest = await self._digests.load_digest(channel)
        slot = slot_on(digest, date.fromisoformat(day)) if digest else None
        if digest is None or slot is None or not is_wanted(digest, slot, self._now()):
            # The digest was turned off or moved, or it's too late by now.
            await self._give_up(post, day, "not wanted anymore")
            return
        send = self._post if post.field == "post" else self._post_picture
        try:
            why_not = await self._poster.try_to_post(post, lambda: send(post, digest, slot))
        except Unresolved:
            # The digest may have been posted, and posting it twice would be worse than leaving it out.
            why_not = "unknown"
        if why_not is not None:
            log.error("a digest wasn't posted", channel=channel, what=post.field, why=why_not)
            await self._digests.digest_posted(post, day, why_not)

    async def _may_post(self, post: ClaimedPost, digest: Digest, day: str) -> bool:
        """Whether the policy allows the digest; if not, it's put back or dropped.

        The rules may have changed since the digest was set, and the channel may now be shared with others.
        """
        asker = Asker(digest.team, digest.made_by, digest.channel)
        decision = await self._gate.decide_unrecorded(asker, Question(Action.WATCH, posts=True))
        if decision.verdict is Verdict.UNKNOWN:
            await self._posts.put_back(post, delay_s=UNKNOWN_AGAIN_S)
        elif not decision.allowed:
            await self._give_up(post, day, decision.reason)
        return decision.allowed

    async def _post_picture(self, post: ClaimedPost, digest: Digest, slot: Slot) -> None:
        day = slot.day.isoformat()
        ts = await self._digests.posted_at(digest.channel, day)
        if ts is None:
            await self._give_up(post, day, "its digest isn't there")
        elif await self._may_post(post, digest, day):
            outcome = await self._pictures.post_picture(post, digest, slot, ts)
            if outcome is not None:
                await self._digests.digest_posted(post, day, outcome)

    async def _post(self, post: ClaimedPost, digest: Digest, slot: Slot) -> None:
        day = slot.day.isoformat()
        if not await self._may_post(post, digest, day):
            return
        message = await self._reader.read_digest(digest.channel, digest, since(digest, slot), slot.at)
        if message is None:
            await self._give_up(post, day, "nothing is watched")
            return
        key = f"{DIGEST}:{digest.channel}:{day}"
        ts = await self._poster.post_message_once(post, message, key, twice_is_better=False)
        if ts is not None:
            follows = f"{PICTURE}{day}" if self._pictures.can_draw else ""
            recorded = await self._digests.digest_posted(post, day, ts, follows=follows)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _give_up(self, post: ClaimedPost, day: str, why: str) -> None:
        log.info("a digest was skipped", channel=post.channel, date=day, what=post.field, why=why)
        await self._digests.digest_posted(post, day, "not posted")
