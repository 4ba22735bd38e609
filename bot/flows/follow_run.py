"""Following runs: any active run, whoever started it, gets a card in a channel and is followed from then on.

The request is recorded before the click is acknowledged. Then the run is read and recorded, and its card is posted
once, within the budget, like the card of a start. A lost post is searched for by its key. The run's end is
announced only if the run was still active when it was read.

The content of the card is in `bot.core.views.card`. Live logs are in `bot.flows.tail_log`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot.core.model.asker import Asker
from bot.core.model.errors import BoltError, BoltRejected, StoreUnavailable
from bot.core.model.follow_request import FollowRequest
from bot.core.model.run import CardRef, RunFacts, RunKey, is_final, run_url
from bot.core.text.message import Message
from bot.core.text.text import Link, Mention, Span
from bot.core.views.store_unavailable import cause, unrecorded
from bot.flows.cancel import already
from bot.flows.lease import Lease
from bot.flows.links import Links
from bot.flows.ports.store import Due, RunFollowers, Runs
from bot.flows.private_replies import PrivateReplies
from bot.flows.read_followed_run import FollowedRunReader

log = structlog.get_logger()

RECORD_S = 1.0
LOOK_AGAIN_S = 3.0
GIVEN_UP_S = 60.0

ASK_AGAIN = "If no card appears within a minute, click again."


class FollowRequestHandler:
    """Handles follow requests until each has its card. `asked` wakes the worker for a new request."""

    def __init__(
        self,
        followers: RunFollowers,
        runs: Runs,
        due: Due,
        answers: PrivateReplies,
        reader: FollowedRunReader,
        links: Links,
        *,
        follow_requested: Callable[[], None],
    ) -> None:
        self._followers = followers
        self._runs = runs
        self._due = due
        self._answers = answers
        self._reader = reader
        self._links = links
        self._follow_requested = follow_requested

    async def request_follow(self, asker: Asker, key: RunKey, facts: RunFacts | None = None) -> Message | None:
        """Record a request to follow a run in a channel. Returns the answer, or None if the card is answer enough.

        `facts` come from a button: they name the schedule, which Bolt doesn't return for a run.
        """
        try:
            async with asyncio.timeout(RECORD_S):
                word, more = await self._followers.add_follow_request(asker, key, facts or RunFacts())
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("a follow request couldn't be recorded", run=key.id, user=asker.user, why=cause(error))
            return Message((unrecorded(error, nothing="Nothing was done.", otherwise=ASK_AGAIN),))
        log.info("asked to follow a run", run=key.id, word=word, user=asker.user, channel=asker.channel)
        if word == "card":
            return self._has_card(key, more)
        self._follow_requested()
        if word == "known" and more != asker.user:
            return Message((f"Run {key.id}'s card will be here in a moment: ", Mention(more), " already asked for it."))
        return None

    async def advance_follow_request(self, lease: Lease) -> None:
        """Advance the claimed follow request by one step."""
        follow_request = await self._followers.load_follow_request(lease.member)
        if follow_request is None:
            log.error("a follow request is no longer in Redis", follow_request=lease.member)
            await self._followers.close(lease)
        elif follow_request.state == "asked":
            await self._look(lease, follow_request)
        elif follow_request.state == "refused":
            await self._tell(lease, follow_request, Message((follow_request.why, " ", self._link(follow_request.key))))
        else:
            await self._followers.close(lease)

    async def _look(self, lease: Lease, follow_request: FollowRequest) -> None:
        key = follow_request.key
        try:
            run = await self._reader.read_followed_run(follow_request)
        except BoltRejected:
            await self._tell(lease, follow_request, Message((f"There's no run {key.id} in Bolt. Check the number.",)))
            return
        except BoltError as away:
            if lease.since_s(follow_request.asked_at) < GIVEN_UP_S:
                await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)
            else:
                text = f"{away.sentence} I'm not following run {key.id} here. Click again later."
                await self._tell(lease, follow_request, Message((text,)))
            return
        if is_final(run.seen.state):
            await self._tell(lease, follow_request, self._ended(key, run.seen.state))
            return
        word = await self._followers.adopt(lease, follow_request, run.facts, run.seen)
        if word == "final":
            known = await self._runs.load_run(key)
            await self._tell(lease, follow_request, self._ended(key, known.seen.state if known else "over"))

    async def _tell(self, lease: Lease, follow_request: FollowRequest, message: Message) -> None:
        """Explain why the run gets no card."""
        if await self._answers.reply_privately(follow_request.asker, message):
            await self._followers.close(lease)
        else:
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)

    def _has_card(self, key: RunKey, card: str) -> Message:
        _, channel, ts = card.split(":")
        return has_card(key, self._links.card_url(CardRef(channel, ts)))

    def _ended(self, key: RunKey, state: str) -> Message:
        return Message((self._link(key), f" {already(state)}, so there's nothing to follow."))

    def _link(self, key: RunKey) -> Link:
        return Link(run_url(self._links.app_url, key.id), f"Run {key.id}")


def has_card(key: RunKey, url: str | None) -> Message:
    """Say that the run already has a card here."""
    card: Span = Link(url, "its card") if url else "its card"
    return Message((f"Run {key.id} already has ", card, " in this channel."))
