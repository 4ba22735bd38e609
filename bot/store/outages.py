"""Outages, each a hash and a set of members. Scripts decide which incidents belong to one (see account_ends.lua)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter

from bot.core.model.incident import IncidentState
from bot.core.model.outage import CausePost, Outage
from bot.core.watching.uneditable_message import newest_end
from bot.flows.claimed_post import DROPPED, ClaimedPost
from bot.store.due_sets import MICROSECONDS
from bot.store.incidents import Incidents
from bot.store.scripts import Scripts

_FIELDS = ("team", "rev", "ts", "posts", "over", "fixed_us", "changes", "line_us", "replaced", "earlier")
_POSTS = TypeAdapter(tuple[CausePost, ...])


class Outages:
    """Implements the flows' `Outages` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._incidents = Incidents(scripts)

    async def load_outage(self, channel: str, number: int) -> Outage | None:
        """Load an outage with the incidents that belong to it. Returns None if it isn't on record."""
        redis, name = self._scripts.redis, self._scripts.key("outage", channel, str(number))
        pipeline = redis.pipeline(transaction=False)
        pipeline.hmget(name, _FIELDS)
        pipeline.zrange(f"{name}:members", 0, -1)
        found, members = await self._scripts.ask(pipeline.execute())
        team, rev, ts, posts, over, fixed_us, changes, line_us, replaced, earlier = found
        if rev is None:
            return None
        stored = await self._incidents.load_incidents([(channel, schedule) for schedule in members])
        incidents = tuple(one.incident for one in stored if one is not None and one.outage == number)
        # Schedules that were already failing when they were watched say nothing about when the outage began.
        known = [one for one in incidents if not one.seen_before] or incidents
        began = [one.first.ended_at for one in known if one.first and one.first.ended_at]
        return Outage(
            channel,
            number,
            team or "",
            incidents,
            min(began, default=None),
            _POSTS.validate_json(posts) if posts else (),
            int(over or 0),
            int(rev),
            ts or "",
            tuple((one.incident.schedule, one.request) for one in stored if one is not None and one.request),
            uneditable_since=datetime.fromtimestamp(int(fixed_us) / MICROSECONDS, UTC) if fixed_us else None,
            changes=int(changes or 0),
            lined=bool(line_us),
            replaced=int(replaced or 0),
            earlier=earlier or "",
        )

    async def mentions_left(self, channel: str, number: int, most: int) -> int:
        """Return how many more people an outage may notify."""
        used = await self._scripts.ask(
            self._scripts.redis.hget(self._scripts.key("outage", channel, str(number)), "mentions")
        )
        return max(0, most - int(used or 0))

    async def plan_posts(self, outage: Outage, new: Sequence[CausePost]) -> bool:
        """Queue thread posts about causes. Returns False if somebody else has added posts."""
        before = _POSTS.dump_json(outage.posts).decode() if outage.posts else ""
        after = _POSTS.dump_json((*outage.posts, *new)).decode()
        numbers = (post.number for post in new)
        return bool(
            await self._scripts.run("plan_outage_posts", outage.channel, outage.number, before, after, *numbers)
        )

    async def posted(
        self,
        post: ClaimedPost,
        outage: Outage,
        outcome: str,
        *,
        mentions: int = 0,
        follows: str = "",
        is_newest: bool | None = None,
    ) -> str:
        """Record a thread post. `outcome`: its timestamp, or why it was dropped. `mentions`: the people it notified.

        The file that `follows` the post is queued next. If the post is a line about the outage's state and doesn't
        show `outage` (`is_newest` is False), another line is queued. Returns `ok`, or `done:<ts>` if another process
        has posted it.
        """
        changes = "" if is_newest is None else str(outage.changes) if is_newest else "0"
        return await self._finish(post, outage.number, outcome, "", "", mentions, follows, changes)

    async def message_posted(self, post: ClaimedPost, outage: Outage, ts: str, *, is_newest: bool) -> str:
        """Record that an outage's message was posted; an edit follows unless it shows `outage` (`is_newest`).

        Returns `ok`, or `done:<ts>` if another process has posted it.
        """
        shown = f"out:{outage.rev}" if is_newest else ""
        return await self._finish(post, outage.number, ts, outage.team, shown, 0)

    async def message_deleted(self, outage: Outage) -> None:
        """Record that the message was deleted. A new one is posted, unless all of its incidents are closed."""
        card = f"{outage.team}:{outage.channel}:{outage.ts}"
        again = any(one.state is not IncidentState.CLOSED for one in outage.members)
        await self._scripts.run("outage_message_deleted", card, outage.channel, outage.number, outage.ts, int(again))

    async def mark_uneditable(self, outage: Outage) -> bool:
        """Record that the message can't be edited anymore.

        The thread gets the changes from now on, this one included.
        """
        at = newest_end(outage.members)
        fixed_us = round(at.timestamp() * MICROSECONDS) if at else 0
        return bool(
            await self._scripts.run("mark_outage_uneditable", outage.channel, outage.number, outage.ts, fixed_us)
        )

    async def drop_post(self, post: ClaimedPost, number: int) -> None:
        """Drop a post about an outage that is no longer on record, or is no longer shown."""
        await self._finish(post, number, DROPPED, "", "", 0)

    async def _finish(
        self,
        post: ClaimedPost,
        number: int,
        outcome: str,
        team: str,
        shown: str,
        mentions: int,
        follows: str = "",
        changes: str = "",
    ) -> str:
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_outage_post",
                post.urgency,
                post.channel,
                lease.member,
                lease.token,
                number,
                post.field,
                outcome,
                team,
                shown,
                mentions,
                follows,
                changes,
            )
        )
