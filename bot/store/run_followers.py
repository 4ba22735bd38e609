"""Follow requests: one hash per channel and run, kept until the run's card is posted there.

`bot.flows.follow_run` carries them out.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.asker import Asker
from bot.core.model.follow_request import FollowAcceptance, Followed, FollowRequest
from bot.core.model.run import CardRef, Observation, RunFacts, RunKey
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import from_microseconds
from bot.store.record_json import from_json, to_json
from bot.store.runs import card_id, creation_args
from bot.store.scripts import Scripts


@dataclass(frozen=True, slots=True)
class StoredFollower:
    """The fields of a follow request that never change."""

    asker: Asker
    facts: RunFacts


class RunFollowers:
    """Implements the flows' `RunFollowers` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def add_follow_request(self, asker: Asker, key: RunKey, facts: RunFacts) -> tuple[FollowAcceptance, str]:
        """Store a request to follow a run, unless the run already has a card in that channel."""
        body = to_json(StoredFollower(asker, facts))
        word, more = await self._scripts.run("add_follow_request", asker.channel, key.name, body)
        accepted: FollowAcceptance = word
        return accepted, from_json(StoredFollower, more).asker.user if word == "known" else str(more)

    async def load_follow_request(self, name: str) -> FollowRequest | None:
        """Load a follow request. Returns None if it isn't stored."""
        channel, _, member = name.partition("/")
        record = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("watch", channel, member)))
        if not record.get("body"):
            return None
        body = from_json(StoredFollower, record["body"])
        asked_at = from_microseconds(record["asked_us"])
        return FollowRequest(
            RunKey.parse(member), body.asker, body.facts, asked_at, record["state"], record.get("why", "")
        )

    async def adopt(self, lease: Lease, follow_request: FollowRequest, facts: RunFacts, seen: Observation) -> Followed:
        """Start following the run and queue its card."""
        token = await lease.stop_renewing()
        channel, member = follow_request.asker.channel, follow_request.key.name
        followed: Followed = await self._scripts.run(
            "follow_requested_run", follow_request.id, token, channel, member, *creation_args(facts, seen)
        )
        return followed

    async def posted(self, post: ClaimedPost, follow_request: FollowRequest, card: CardRef, revision: str) -> str:
        """Record that the run's card was posted.

        Returns `ok`, `gone`, or the id of the card that the run already has there.
        """
        asker = follow_request.asker
        return str(
            await self._scripts.run(
                "followed_card_posted",
                follow_request.id,
                post.urgency,
                post.channel,
                post.lease.member,
                post.lease.token,
                follow_request.key.name,
                card_id(asker.team, card),
                revision,
                asker.user,
            )
        )

    async def refuse(self, post: ClaimedPost, follow_request: FollowRequest, why: str) -> None:
        """Record that the run gets no card; the person is notified next."""
        lease = post.lease
        await self._scripts.run(
            "refuse_follow_request",
            follow_request.id,
            post.urgency,
            post.channel,
            lease.member,
            lease.token,
            follow_request.key.name,
            why,
        )

    async def close(self, lease: Lease) -> None:
        """Finish a follow request, even if its record is gone."""
        channel, _, member = lease.member.partition("/")
        await self._scripts.run("close_follow_request", lease.member, await lease.stop_renewing(), channel, member)
