"""Digests of what channels watch: when each channel's is posted, and on which dates it was."""

from __future__ import annotations

from datetime import datetime

from bot.core.model.report import Report
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts


class Reports:
    """Implements the flows' `Reports` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def set_report(self, report: Report, at: datetime) -> bool:
        """Set or replace a channel's digest, which is due at `at`. Returns whether one was set before."""
        return bool(await self._scripts.run("set_report", report.channel, to_json(report), _us(at)))

    async def remove_report(self, channel: str) -> bool:
        """Set none anymore. Returns whether one was set before."""
        return bool(await self._scripts.run("set_report", channel, "", ""))

    async def load_report(self, channel: str) -> Report | None:
        """Load when a channel's digest is posted. Returns None if none is set."""
        body = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key("report"), channel))
        return from_json(Report, body) if body else None

    async def report_channels(self) -> frozenset[str]:
        """Return the channels with a digest."""
        return frozenset(await self._scripts.ask(self._scripts.redis.hkeys(self._scripts.key("report"))))

    async def queue_report(self, lease: Lease, channel: str, day: str, next_at: datetime) -> bool:
        """Queue the post for a date, unless it was queued before. Returns False if the claim was lost."""
        return bool(await self._scripts.run("queue_report", channel, await lease.stop_renewing(), day, _us(next_at)))

    async def wait(self, lease: Lease, at: datetime) -> bool:
        """Make the claimed channel due at another time. Returns False if the claim was lost."""
        return await self.queue_report(lease, lease.member, "", at)

    async def posted_at(self, channel: str, day: str) -> str | None:
        """Return the ts of a date's digest. Returns None if there's none."""
        redis, key = self._scripts.redis, self._scripts.key("report", channel, day)
        done = str(await self._scripts.ask(redis.hget(key, "post")) or "").removeprefix("done:")
        return done if done.replace(".", "", 1).isdigit() else None

    async def report_posted(self, post: ClaimedPost, day: str, outcome: str, *, follows: str = "") -> str:
        """Record the post, and queue what `follows` in its thread. Returns `ok`, or `done:<ts>` of another's post."""
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_report",
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
