"""Follow requests: stored once per run and channel, and never in the way of the person who started the run."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.core.model.asker import Asker
from bot.core.model.follow_request import FollowRequest
from bot.core.model.run import CardRef, Observation, RunFacts, RunKey
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import DueSet
from bot.store.lanes import PostLane, SlackBudget
from bot.store.run_followers import RunFollowers
from bot.store.run_indexes import RunIndexes
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import follow_run
from tests.store.test_lanes import end_run, observe

RUN = RunKey("w", 4711)
FACTS = RunFacts(slug="nightly", name="Nightly", actor="Bolt scheduler")


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


def asker(channel: str = "A", user: str = "U1") -> Asker:
    """Someone in a channel."""
    return Asker("T", user, channel, "https://hooks.test/r")


async def adopted(scripts: Scripts, key: RunKey = RUN, channel: str = "A") -> FollowRequest:
    """Somebody asks to follow a run, and it's found to be active."""
    followers = RunFollowers(scripts)
    assert (await followers.add_follow_request(asker(channel), key, FACTS))[0] == "new"
    follow_request = await followers.load_follow_request(f"{channel}/{key.name}")
    claimed = await DueSet(scripts, "watches", lease_s=10).claim(1)
    assert follow_request is not None
    assert claimed.lease is not None
    assert await followers.adopt(claimed.lease, follow_request, FACTS, Observation("RUNNING")) == "ok"
    return follow_request


async def claimed_post(scripts: Scripts) -> ClaimedPost:
    """Claim the post of the card."""
    lane = PostLane(scripts, SlackBudget(post_gap_s=0, channel_gap_s=0), lease_s=10, upload_lease_s=10)
    taken = await lane.claim()
    assert taken.lease is not None
    return ClaimedPost(taken.lease, taken.urgency, taken.channel, f"watch:{taken.channel}:{RUN.name}", "post")


async def test_a_follow_request_is_one_a_channel_and_run(scripts: Scripts) -> None:
    """There's one follow request per channel and run, no matter how many people click, or how often."""
    followers = RunFollowers(scripts)
    asked = (followers.add_follow_request(asker(user=user), RUN, FACTS) for user in ("U1", "U1", "U2"))
    told = await asyncio.gather(*asked)
    assert sorted(word for word, _ in told) == ["known", "known", "new"]
    # The others learn who was first.
    assert len({more for word, more in told if word == "known"}) == 1
    assert (await followers.add_follow_request(asker("B"), RUN, FACTS))[0] == "new"


async def test_its_card_is_attached_once(scripts: Scripts) -> None:
    """A second message isn't attached; later clicks are told where the card is."""
    follow_request = await adopted(scripts)
    followers, post = RunFollowers(scripts), await claimed_post(scripts)
    assert await followers.posted(post, follow_request, CardRef("A", "1.5"), "run:1") == "ok"
    assert await followers.posted(post, follow_request, CardRef("A", "1.5"), "run:1") == "ok"
    assert await followers.posted(post, follow_request, CardRef("A", "2.5"), "run:1") == "T:A:1.5"
    assert await followers.add_follow_request(asker(), RUN, FACTS) == ("card", "T:A:1.5")
    assert await Runs(scripts).card_in(RUN, "A") == CardRef("A", "1.5")
    assert await Runs(scripts).card_in(RUN, "B") is None


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_a_deleted_card_is_nobodys_link(scripts: Scripts, *, elsewhere: bool) -> None:
    """Once a new card may replace a deleted one, the run links to its card in another channel, or to none."""
    await follow_run(scripts, 4711)
    if elsewhere:
        follow_request = await adopted(scripts, channel="B")
        await RunFollowers(scripts).posted(await claimed_post(scripts), follow_request, CardRef("B", "2.5"), "run:1")
    await scripts.redis.hset(scripts.key("card", "T:A:4711.5"), "unshowable", "message_not_found")
    assert (await RunFollowers(scripts).add_follow_request(asker(), RUN, FACTS))[0] == "new"
    (mine,) = (await RunIndexes(scripts).active_of("U1", most=9)).runs
    assert mine.card == (CardRef("B", "2.5") if elsewhere else None)


async def test_a_run_that_has_ended_is_not_followed(scripts: Scripts) -> None:
    """An older look may still have seen it active. A later request is recorded, so that the person can be told."""
    followers = RunFollowers(scripts)
    await adopted(scripts)
    assert (await followers.add_follow_request(asker("B"), RUN, FACTS))[0] == "new"
    follow_request = await followers.load_follow_request(f"B/{RUN.name}")
    claimed = await DueSet(scripts, "watches", lease_s=10).claim(1)
    await observe(scripts, RUN.id, "ERROR")
    assert follow_request is not None
    assert claimed.lease is not None
    assert await followers.adopt(claimed.lease, follow_request, FACTS, Observation("RUNNING")) == "final"
    assert (await followers.add_follow_request(asker("C"), RUN, FACTS))[0] == "new"


@pytest.mark.parametrize(("log", "pending"), [("none", "1"), ("late", "2")])
async def test_an_end_that_comes_while_its_card_is_posted_is_told_there(
    scripts: Scripts, log: str, pending: str
) -> None:
    """The end came after the click, so it's posted in the new card's thread, followed by the log if the log is late."""
    follow_request = await adopted(scripts)
    post = await claimed_post(scripts)
    await end_run(scripts, RUN.id, "ERROR", log=log)
    assert await RunFollowers(scripts).posted(post, follow_request, CardRef("A", "1.5"), "run:1") == "ok"
    assert await scripts.redis.hget(scripts.key("card", "T:A:1.5"), "pending") == pending
    assert (await claimed_post(scripts)).lease.member == "end/T:A:1.5"
    listed = await RunIndexes(scripts).failed("U9", ["A"], most=9)
    assert [one.run.id for one in listed.runs] == [RUN.id]


async def test_a_followed_run_may_still_be_of_a_lost_start(scripts: Scripts) -> None:
    """Until one of our starts claims the run, it counts as unclaimed."""
    runs = Runs(scripts)
    follow_request = await adopted(scripts)
    await RunFollowers(scripts).posted(await claimed_post(scripts), follow_request, CardRef("A", "1.5"), "run:1")
    await follow_run(scripts, 7)
    assert await runs.known("w", [4711, 7, 8]) == frozenset({7})


async def test_whose_a_run_is_is_not_forgotten_by_following_it(scripts: Scripts) -> None:
    """The facts about a start are kept: following its run doesn't overwrite them."""
    await follow_run(scripts, 4711)
    await adopted(scripts, channel="B")
    run = await Runs(scripts).load_run(RUN)
    assert run is not None
    assert (run.facts.asked_by, run.facts.actor) == ("U1", None)


async def test_a_claim_that_is_lost_adopts_nothing(scripts: Scripts) -> None:
    """A process that comes late changes nothing."""
    followers = RunFollowers(scripts)
    await followers.add_follow_request(asker(), RUN, FACTS)
    follow_request = await followers.load_follow_request(f"A/{RUN.name}")
    assert follow_request is not None
    stale = Lease("watches", (follow_request.id,), 7, 0, 10)
    assert await followers.adopt(stale, follow_request, FACTS, Observation("RUNNING")) == "lost"
    assert await Runs(scripts).load_run(RUN) is None
