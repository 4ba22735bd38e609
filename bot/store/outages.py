"""Outages: one hash per outage and its members. Scripts decide which incidents belong to one (see account.lua)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from bot.core.model.incident import IncidentState
from bot.core.model.outage import CausePost, Outage
from bot.flows.claimed_post import ClaimedPost
from bot.store.incidents import Incidents
from bot.store.scripts import Scripts

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
        pipeline.hmget(name, ["team", "rev", "ts", "posts", "over"])
        pipeline.zrange(f"{name}:members", 0, -1)
        (team, rev, ts, posts, over), members = await self._scripts.ask(pipeline.execute())
        if rev is None:
            return None
        stored = await self._incidents.load_incidents([(channel, schedule) for schedule in members])
        incidents = tuple(one.incident for one in stored if one is not None and one.outage == number)
        # Schedules that failed before they were watched joined it later than they began to fail.
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
        self, post: ClaimedPost, outage: Outage, outcome: str, *, mentions: int = 0, follows: str = ""
    ) -> str:
        """Record a thread post. `outcome`: its timestamp, or why it's given up. `mentions`: how many it notified.

        The file that `follows` it is queued then. Returns `ok`, or `done:<ts>` of another's post.
        """
        return await self._finish(post, outage.number, outcome, "", "", mentions, follows)

    async def message_posted(self, post: ClaimedPost, outage: Outage, ts: str, *, is_newest: bool) -> str:
        """Record the message of an outage, which is edited unless it shows `outage` (`is_newest`).

        Returns `ok`, or `done:<ts>` of another's message.
        """
        shown = f"out:{outage.rev}" if is_newest else ""
        return await self._finish(post, outage.number, ts, outage.team, shown, 0)

    async def message_gone(self, outage: Outage) -> None:
        """Record that the message was deleted. A new one is posted, unless all of its incidents are closed."""
        card = f"{outage.team}:{outage.channel}:{outage.ts}"
        again = any(one.state is not IncidentState.CLOSED for one in outage.members)
        await self._scripts.run("outage_message_gone", card, outage.channel, outage.number, outage.ts, int(again))

    async def gone(self, post: ClaimedPost, number: int) -> None:
        """Give up a post of an outage that is no longer on record."""
        await self._finish(post, number, "gone", "", "", 0)

    async def _finish(
        self, post: ClaimedPost, number: int, outcome: str, team: str, shown: str, mentions: int, follows: str = ""
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
            )
        )
