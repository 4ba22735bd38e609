"""Digests of what channels watch: when each channel's digest is posted, and on which dates one was.

`bot.core.watching.digest_time` decides when a digest is due.
"""

from __future__ import annotations

from datetime import datetime

from bot.core.model.digest import Digest
from bot.flows.claimed_post import DIGEST, ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts


class Digests:
    """Implements the flows' `Digests` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def set_digest(self, digest: Digest, at: datetime) -> bool:
        """Set or replace a channel's digest, which is due at `at`. Returns whether one was set before."""
        return bool(await self._scripts.run("set_digest", digest.channel, to_json(digest), _us(at)))

    async def remove_digest(self, channel: str) -> bool:
        """Remove a channel's digest. Returns whether one was set before."""
        return bool(await self._scripts.run("set_digest", channel, "", ""))

    async def load_digest(self, channel: str) -> Digest | None:
        """Load a channel's digest settings, or None if it has no digest."""
        body = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key(DIGEST), channel))
        return from_json(Digest, body) if body else None

    async def digest_channels(self) -> frozenset[str]:
        """Return the channels with a digest."""
        return frozenset(await self._scripts.ask(self._scripts.redis.hkeys(self._scripts.key(DIGEST))))

    async def queue_digest(self, lease: Lease, channel: str, day: str, next_at: datetime) -> bool:
        """Queue the post for a date, unless it was queued before. Returns False if the claim was lost."""
        return bool(await self._scripts.run("queue_digest", channel, await lease.stop_renewing(), day, _us(next_at)))

    async def wait(self, lease: Lease, at: datetime) -> bool:
        """Make the claimed channel due at another time. Returns False if the claim was lost."""
        return await self.queue_digest(lease, lease.member, "", at)

    async def posted_at(self, channel: str, day: str) -> str | None:
        """Return the ts of a date's digest, or None if there's none."""
        redis, key = self._scripts.redis, self._scripts.key(DIGEST, channel, day)
        done = str(await self._scripts.ask(redis.hget(key, "post")) or "").removeprefix("done:")
        return done if done.replace(".", "", 1).isdigit() else None

    async def digest_posted(self, post: ClaimedPost, day: str, outcome: str, *, follows: str = "") -> str:
        """Record the post, and queue the post that `follows` in its thread.

        Returns `ok`, or `done:<ts>` if another process has posted it.
        """
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_digest",
                day,
                post.urgency,
                post.channel,
                lease.member,
                lease.token,
                outcome,
                post.field,
                follows,
            )
        )


def _us(at: datetime) -> int:
    return round(at.timestamp() * MICROSECONDS)
