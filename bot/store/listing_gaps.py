"""Gaps between complete listings of schedules, what they hid, and the messages about them.

`bot.flows.listing_gap` notices gaps, and `bot.flows.advance_gap` decides when they're reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.core.model.incident import StoredIncident
from bot.core.model.listing_gap import GAP_AFTER, GapNotice, GapRun, GapState, ListingGap, StoredNotice
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS, from_microseconds
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts

DAY_S = 86_400


class ListingGaps:
    """Implements the flows' `ListingGaps` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def note_failure(self, at: datetime, why: str) -> None:
        """Record that schedules couldn't be listed at `at` by Bolt's clock. Raises StoreUnavailable."""
        await self._scripts.run("record_failed_listing", _us(at), why, round(GAP_AFTER.total_seconds() * MICROSECONDS))

    async def begin_collecting(self, since: datetime, until: datetime, slugs: Sequence[str]) -> None:
        """Begin the search for runs hidden by the gap between two complete listings. Raises StoreUnavailable."""
        await self._scripts.run("gap_over", _us(since), _us(until), *slugs)

    async def load_gap(self, number: str) -> ListingGap | None:
        """Load a gap by its number, or the newest one for `now`. Returns None if it isn't on record."""
        found = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("gap", number)))
        return _gap(found) if found else None

    async def collecting(self) -> ListingGap | None:
        """The gap whose hidden runs are being found, or None if there's none."""
        gap = await self.load_gap("now")
        return gap if gap is not None and gap.state is GapState.COLLECTING else None

    async def await_ends(self, number: int, slug: str, runs: Sequence[int]) -> None:
        """Record ends that have been found but not accounted for yet."""
        if runs:
            await self._add("sadd", f"{number}:awaited", *(f"{run}:{slug}" for run in runs))

    async def looked(self, number: int, slugs: Sequence[str]) -> None:
        """Record that these schedules' runs have been looked at."""
        if slugs:
            name = self._scripts.key("gap", str(number), "unlooked")
            await self._scripts.ask(self._scripts.redis.srem(name, *slugs))

    async def left(self, number: int) -> tuple[int, Mapping[str, list[int]]]:
        """Return how many schedules haven't been looked at, and the runs whose ends are awaited, by schedule."""
        redis, key = self._scripts.redis, self._scripts.key
        pipeline = redis.pipeline(transaction=False)
        pipeline.scard(key("gap", str(number), "unlooked"))
        pipeline.smembers(key("gap", str(number), "awaited"))
        unlooked, awaited = await self._scripts.ask(pipeline.execute())
        ends: dict[str, list[int]] = {}
        for name in awaited:
            run, _, slug = name.partition(":")
            ends.setdefault(slug, []).append(int(run))
        return int(unlooked), ends

    async def complete(self, lease: Lease) -> bool:
        """Record that everything has been found, so that each watching channel gets its account of the gap.

        Returns False if the claim was lost.
        """
        return bool(await self._scripts.run("gap_complete", lease.member, await lease.stop_renewing()))

    async def skip_account(self, lease: Lease, channel: str, number: int) -> None:
        """Skip the account of a gap in a channel with paused watches; withheld incidents are listed without it."""
        await self._scripts.run("skip_gap_account", channel, await lease.stop_renewing(), number)

    async def note_runs(self, number: int, channel: str, runs: Sequence[GapRun]) -> None:
        """Record the runs that a channel's account of a gap lists."""
        if runs:
            parts = {str(run.run): to_json(run) for run in runs}
            await self._add("hset", f"{number}:runs:{channel}", mapping=parts)

    async def runs_in(self, number: int, channel: str) -> list[GapRun]:
        """Return the runs that a channel's account of a gap lists."""
        key = self._scripts.key("gap", str(number), "runs", channel)
        found = await self._scripts.ask(self._scripts.redis.hvals(key))
        return [from_json(GapRun, body) for body in found]

    async def load_notice(self, channel: str, number: str) -> StoredNotice | None:
        """Load a channel's notice. Returns None if it isn't on record."""
        body, rev, ts = await self._scripts.ask(
            self._scripts.redis.hmget(self._scripts.key("gap", "in", channel, number), ["body", "rev", "ts"])
        )
        return StoredNotice(from_json(GapNotice, body), int(rev), ts or "") if body else None

    async def account_comes(self, channel: str) -> bool:
        """Whether a channel's account of a gap is still pending, or runs hidden by a gap are still being found."""
        key = self._scripts.key("due", "gaps")
        members = await self._scripts.ask(self._scripts.redis.zrange(key, 0, -1))
        return any(str(member).rpartition(":")[0] in {"", channel} for member in members)

    async def queue_message(self, lease: Lease, notice: GapNotice, after: Sequence[StoredIncident]) -> bool:
        """Queue a channel's message, or its edit, and clear what its incidents withhold.

        Returns False if anything has changed since it was loaded.
        """
        changes = [part for one in after for part in (one.incident.schedule, one.rev, to_json(one.incident))]
        word = await self._scripts.run(
            "queue_gap_message",
            notice.channel,
            await lease.stop_renewing(),
            notice.gap.number,
            to_json(notice),
            notice.team,
            "account" if notice.is_account else "unwatched" if notice.unwatched else "lasting",
            *changes,
        )
        return bool(word == "ok")

    async def message_posted(self, post: ClaimedPost, stored: StoredNotice, ts: str) -> str:
        """Record a channel's message. Returns `ok`, or `done:<ts>` if another process has posted it."""
        notice = stored.notice
        return await self._finish(post, str(notice.gap.number), ts, notice.team, f"gap:{stored.rev}")

    async def posted(self, post: ClaimedPost, number: str, outcome: str) -> str:
        """Record a post in the message's thread. `outcome`: the post's timestamp or file, or why it was dropped."""
        return await self._finish(post, number, outcome, "", "")

    async def message_deleted(self, card: str, channel: str, number: str, ts: str, *, again: bool) -> None:
        """Forget a message that was deleted; `again`: post a new one instead."""
        await self._scripts.run("gap_message_deleted", card, channel, number, ts, int(again))

    async def _add(self, command: str, name: str, *values: str, mapping: Mapping[str, str] | None = None) -> None:
        key = self._scripts.key("gap", name)
        pipeline = self._scripts.redis.pipeline(transaction=True)
        if command == "hset":
            pipeline.hset(key, items=[part for pair in (mapping or {}).items() for part in pair])
        else:
            pipeline.sadd(key, *values)
        pipeline.expire(key, DAY_S)
        await self._scripts.ask(pipeline.execute())

    async def _finish(self, post: ClaimedPost, number: str, outcome: str, team: str, shown: str) -> str:
        return str(
            await self._scripts.run(
                "finish_gap_post",
                post.urgency,
                post.channel,
                post.lease.member,
                number,
                post.field,
                outcome,
                team,
                shown,
            )
        )


def _us(at: datetime) -> int:
    return round(at.astimezone(UTC).timestamp() * MICROSECONDS)


def _gap(found: Mapping[str, str]) -> ListingGap:
    until, began = found.get("until"), found.get("began")
    return ListingGap(
        int(found["number"]),
        GapState(found["state"]),
        from_microseconds(found["since"]),
        found.get("why", ""),
        from_microseconds(until) if until else None,
        from_microseconds(began) if began else None,
    )
