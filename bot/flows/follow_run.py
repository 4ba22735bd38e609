"""Watching: any active run, whoever started it, gets a card in a channel and is followed from then on.

The wish is recorded before the click is acknowledged. The run is looked at, recorded, and its card posted as that of a
start is: through the budget, once, a lost post looked for by its key. Only an end that comes after that is announced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from bot.core.insight.progress import ran_others
from bot.core.model.asker import Asker
from bot.core.model.bolt import RunStatus, RunSummary, Schedule
from bot.core.model.errors import BoltError, BoltRejected, StoreUnavailable
from bot.core.model.follow_request import FollowRequest
from bot.core.model.request import pull_request_of
from bot.core.model.run import CardRef, RunFacts, RunKey, is_final, observe, run_url
from bot.core.text.message import Message
from bot.core.text.text import Link, Mention, Span
from bot.core.views.store_unavailable import cause, unrecorded
from bot.flows.cancel import outcome
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due, RunFollowers, Runs
from bot.flows.private_replies import PrivateReplies
from bot.flows.run_listings import RunListings
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.flows.usual_duration import usual_s

log = structlog.get_logger()

RECORD_S = 1.0
LOOK_AGAIN_S = 3.0
GIVEN_UP_S = 60.0

ASK_AGAIN = "If no card appears within a minute, click again."


class FollowRequestHandler:
    """Takes a run that someone wants to see to its card. `mask` is put over command texts before they are stored."""

    def __init__(
        self,
        bolt: Bolt,
        runs: Runs,
        followers: RunFollowers,
        due: Due,
        answers: PrivateReplies,
        catalog: ScheduleCatalog,
        listings: RunListings,
        *,
        app_url: str,
        card_url: Callable[[CardRef], str | None],
        mask: Callable[[str], str],
        asked: Callable[[], None],
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._followers = followers
        self._due = due
        self._answers = answers
        self._catalog = catalog
        self._listings = listings
        self._app_url = app_url
        self._card_url = card_url
        self._mask = mask
        self._asked = asked

    async def request_follow(self, asker: Asker, key: RunKey, facts: RunFacts | None = None) -> Message | None:
        """Record that a run is to be watched where that was asked; the answer, None where the card is answer enough.

        `facts` come from a button: they name the schedule, which Bolt does not tell of a run.
        """
        try:
            async with asyncio.timeout(RECORD_S):
                word, more = await self._followers.add_request(asker, key, facts or RunFacts())
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("a follow request couldn't be recorded", run=key.id, user=asker.user, why=cause(error))
            return Message((unrecorded(error, nothing="Nothing was done.", otherwise=ASK_AGAIN),))
        log.info("asked to follow a run", run=key.id, word=word, user=asker.user, channel=asker.channel)
        if word == "card":
            return self._has_card(key, more)
        self._asked()
        if word == "known" and more != asker.user:
            return Message((f"Run {key.id} will have its card here in a moment: ", Mention(more), " requested it too."))
        return None

    async def advance_follow_request(self, lease: Lease) -> None:
        """One step of the watch that is claimed."""
        watch = await self._followers.load_follow_request(lease.member)
        if watch is None:
            log.error("a follow request is gone", watch=lease.member)
            await self._followers.close(lease)
        elif watch.state == "asked":
            await self._look(lease, watch)
        elif watch.state == "refused":
            await self._tell(lease, watch, Message((watch.why, " ", self._link(watch.key))))
        else:
            await self._followers.close(lease)

    async def _look(self, lease: Lease, watch: FollowRequest) -> None:
        key = watch.key
        try:
            status = await self._bolt.status(key.id)
        except BoltRejected:
            await self._tell(lease, watch, Message((f"There's no run {key.id} in Bolt. Check the number.",)))
            return
        except BoltError as away:
            if lease.since_s(watch.asked_at) < GIVEN_UP_S:
                await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)
            else:
                text = f"{away.sentence} Run {key.id} isn't followed here. Click again later."
                await self._tell(lease, watch, Message((text,)))
            return
        if is_final(status.state):
            await self._tell(lease, watch, self._ended(key, status.state))
            return
        facts = await self._facts(watch, status)
        word = await self._followers.adopt(lease, watch, facts, observe(status, self._mask))
        if word == "final":
            run = await self._runs.load_run(key)
            await self._tell(lease, watch, self._ended(key, run.seen.state if run else "over"))

    async def _facts(self, watch: FollowRequest, status: RunStatus) -> RunFacts:
        """What the listing tells of the run. What only the button says is taken where Bolt does not tell."""
        run = await self._runs.load_run(watch.key)
        known = run.facts if run and run.facts.schedule else replace(watch.facts, asked_by=None, watched_by=None)
        if not known.schedule:
            return known
        try:
            listed = await self._listings.newest_runs(known.schedule)
            usual = await usual_s(self._runs, watch.key.workspace, listed)
            found = await self._catalog.find_schedule(known.schedule)
        except BoltError:
            return known
        schedule = found if isinstance(found, Schedule) and found.slug == known.schedule else None
        return _told(replace(known, usual_s=usual), status, watch.key.id, listed, schedule)

    async def _tell(self, lease: Lease, watch: FollowRequest, message: Message) -> None:
        """Why the run gets no card."""
        if await self._answers.reply_privately(watch.asker, message):
            await self._followers.close(lease)
        else:
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)

    def _has_card(self, key: RunKey, card: str) -> Message:
        _, channel, ts = card.split(":")
        return has_card(key, self._card_url(CardRef(channel, ts)))

    def _ended(self, key: RunKey, state: str) -> Message:
        return Message((self._link(key), f" {outcome(state)} already, so there's nothing to follow."))

    def _link(self, key: RunKey) -> Link:
        return Link(run_url(self._app_url, key.id), f"Run {key.id}")


def has_card(key: RunKey, url: str | None) -> Message:
    """Where the card of a run is."""
    card: Span = Link(url, "its card") if url else "its card"
    return Message((f"Run {key.id} has ", card, " in this channel already."))


def _told(
    known: RunFacts, status: RunStatus, run_id: int, listed: Sequence[RunSummary], schedule: Schedule | None
) -> RunFacts:
    facts = known
    if schedule is not None:
        facts = replace(facts, name=schedule.name, commands=schedule.commands)
        if ran_others(status.commands, schedule.commands):
            facts = replace(facts, commands=(), usual_s=None)
    one = next((run for run in listed if run.id == run_id), None)
    if one is None:
        return facts
    return replace(
        facts,
        branch=one.branch or facts.branch,
        pull_request=pull_request_of(one) or facts.pull_request,
        asked_at=one.started_at or facts.asked_at,
        parent_run=one.parent_run_id,
        # How long the schedule takes says nothing of a retry.
        usual_s=None if one.parent_run_id else facts.usual_s,
        actor=one.actor_email or one.actor or facts.actor,
    )
