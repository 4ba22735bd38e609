"""Queues: starts wait in order for a run to end, each is sent once, and an older version can handle them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.admission import Limits
from bot.core.model.command import RunCommand
from bot.core.model.polling import Observed
from bot.core.model.request import Request, RequestState, StartPlan
from bot.core.model.run import CardRef, Observation, RunFacts, RunKey
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import DueSet
from bot.store.lanes import PostLane, SlackBudget
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.start_queue import StartQueue
from bot.store.start_requests import StartRequests
from tests.store.record import asked

LOOK = StartPlan("nightly", "Nightly", 5)
RUN = RunKey("w", 4711)
FACTS = RunFacts(slug="nightly", name="Nightly")


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


async def join(scripts: Scripts, name: str, *, user: str = "U1", most: int = 5) -> str:
    """Ask for a start that waits for run 4711; return the result."""
    word, _ = await StartQueue(scripts).enqueue(asked(name, user=user), LOOK, RUN, FACTS, most=most)
    return word


async def carded(scripts: Scripts, name: str) -> None:
    """Post the card of the next waiting start."""
    lane = PostLane(scripts, SlackBudget(post_gap_s=0, channel_gap_s=0), lease_s=10, upload_lease_s=10)
    taken = await lane.claim()
    assert taken.lease is not None
    assert taken.item == f"queue/{name}"
    post = ClaimedPost(taken.lease, taken.urgency, taken.channel, f"req:{name}", "post")
    assert await lane.carded(post, name, "T", CardRef("A", f"{name}.5"))


async def claim(scripts: Scripts, name: str, due: str = "queue") -> Lease:
    """Make this start due now, and claim it."""
    await scripts.redis.zadd(scripts.key("due", due), {name: 1})
    claimed = await DueSet(scripts, due, lease_s=10).claim(1)
    assert claimed.lease is not None
    assert claimed.lease.member == name
    return claimed.lease


async def turn(scripts: Scripts, name: str, *, longest_s: float = 100) -> tuple[str, Lease]:
    """Whether it's this start's turn, and the claim."""
    lease = await claim(scripts, name)
    return await StartQueue(scripts).check_turn(lease, longest_s=longest_s, again_s=15), lease


async def end_run(scripts: Scripts, key: RunKey) -> None:
    """A poll sees the run's end."""
    lease = await claim(scripts, key.name, "polls")
    seconds, _ = await scripts.redis.time()
    await Runs(scripts).store_observations(
        lease, int(seconds + 1) * 1_000_000, [Observed(key, Observation("ERROR"), 5)]
    )


async def loaded(scripts: Scripts, name: str) -> Request:
    """The stored request."""
    request = await StartRequests(scripts, Limits()).load_request(name)
    assert request is not None
    return request


async def test_it_is_recorded_once_and_waits_where_no_other_version_looks(scripts: Scripts) -> None:
    """A queued start is neither in the due requests nor in a class of posts that an older version sends."""
    words = await asyncio.gather(*(join(scripts, "a") for _ in range(4)))
    assert sorted(words) == ["known"] * 3 + ["new"]
    assert await scripts.redis.exists(scripts.key("due", "requests")) == 0
    assert await scripts.redis.exists(scripts.key("posts", "start")) == 0
    request = await loaded(scripts, "a")
    assert (request.state, request.behind, request.queued_at) == (RequestState.QUEUED, 4711, request.asked_at)
    assert await Runs(scripts).load_run(RUN) is not None


async def test_the_same_words_wait_once(scripts: Scripts) -> None:
    """Another person's identical start is queued too; the queue has a limit."""
    assert await join(scripts, "a") == "new"
    assert await join(scripts, "b") == "same"
    assert await join(scripts, "c", user="U2") == "new"
    assert await join(scripts, "d", user="U3", most=2) == "full"
    assert (await StartRequests(scripts, Limits()).accept(asked("e"))).word == "same"


async def test_turns_come_in_order_and_after_the_end(scripts: Scripts) -> None:
    """A start gets one turn: after the run has ended, once its card is posted, and after the starts before it."""
    await join(scripts, "a")
    assert (await turn(scripts, "a"))[0] == "wait"
    await carded(scripts, "a")
    assert (await turn(scripts, "a"))[0] == "wait"
    await join(scripts, "b", user="U2")
    await carded(scripts, "b")
    await end_run(scripts, RUN)
    assert (await turn(scripts, "b"))[0] == "wait"
    word, lease = await turn(scripts, "a")
    assert word == "turn"
    first = await loaded(scripts, "a")
    queue = StartQueue(scripts)
    assert await queue.take_turn(lease, first, LOOK)
    assert not await queue.take_turn(lease, first, LOOK)
    sending = await loaded(scripts, "a")
    assert sending.state is RequestState.CARDED
    assert sending.queued_at is not None
    assert sending.asked_at > sending.queued_at
    # The second one waits until the first one's outcome is known, and then for its run.
    assert (await turn(scripts, "b"))[0] == "wait"
    await StartRequests(scripts, Limits()).settle(sending, RunKey("w", 4712), told=True)
    assert (await turn(scripts, "b"))[0] == "wait"
    second = await loaded(scripts, "b")
    assert (second.behind, second.ahead) == (4712, 0)
    await end_run(scripts, RunKey("w", 4712))
    assert (await turn(scripts, "b"))[0] == "turn"


async def waiting(scripts: Scripts, user: str = "U1", channel: str = "A") -> tuple[list[str], list[str]]:
    """The waiting starts of a person and of a channel."""
    queue = StartQueue(scripts)
    mine, here = await queue.queued_of(user, most=9), await queue.queued_in(channel, most=9)
    assert (mine.total, here.total) == (len(mine.starts), len(here.starts))
    return [one.id for one in mine.starts], [one.id for one in here.starts]


async def test_those_that_wait_are_listed(scripts: Scripts) -> None:
    """Queued starts are listed by person and by channel, in order, until their turn comes or they're removed."""
    queue = StartQueue(scripts)
    for name, user in (("a", "U1"), ("b", "U2"), ("c", "U1")):
        wanted = RunCommand("nightly", branch=name)
        await queue.enqueue(replace(asked(name, user=user), start_command=wanted), LOOK, RUN, FACTS, most=5)
        await carded(scripts, name)
    assert await waiting(scripts) == (["a", "c"], ["a", "b", "c"])
    assert await waiting(scripts, "U2", "B") == (["b"], [])
    few = await queue.queued_in("A", most=1)
    assert (few.total, [one.id for one in few.starts]) == (3, ["a"])
    assert few.starts[0].behind == 4711
    assert await queue.leave_queue("c", "no", "U2") == "ok"
    await end_run(scripts, RUN)
    _, lease = await turn(scripts, "a")
    assert await queue.take_turn(lease, await loaded(scripts, "a"), LOOK)
    lists = await scripts.redis.keys(scripts.key("waits", "*"))
    assert {key: await scripts.redis.zrange(key, 0, -1) for key in lists} == {
        scripts.key("waits", "user:U2"): ["b"],
        scripts.key("waits", "channel:A"): ["b"],
    }
    taken = await claim(scripts, "a", "requests")
    await StartRequests(scripts, Limits()).begin_sending(taken, await loaded(scripts, "a"), deadline_s=60, lease_s=30)
    assert await queue.requeue(taken, await loaded(scripts, "a"), RunKey("w", 9), FACTS, delay_s=0)
    assert await waiting(scripts) == (["a"], ["b", "a"])


async def test_the_lists_of_those_that_wait_do_not_grow(scripts: Scripts) -> None:
    """Starts that another version removed are dropped; all lists expire and are limited."""
    queue = StartQueue(scripts)
    for number in range(103):
        plan = StartPlan(f"s{number}", "S", 5)
        await queue.enqueue(asked(f"r{number}", text=f"s{number}"), plan, RUN, FACTS, most=5)
    assert len((await queue.queued_of("U1", most=999)).starts) == 100
    for number in range(103):
        await scripts.redis.hset(scripts.key("req", f"r{number}"), "state", "carded")
    key = scripts.key("waits", "channel:A")
    assert 0 < await scripts.redis.ttl(key) <= 8 * 86_400
    assert await waiting(scripts) == ([], [])
    assert await scripts.redis.exists(key) == 0


async def test_an_end_makes_it_due_at_once(scripts: Scripts) -> None:
    """The start doesn't wait until its next look."""
    await join(scripts, "a")
    await carded(scripts, "a")
    await turn(scripts, "a")
    due = DueSet(scripts, "queue", lease_s=10)
    assert (await due.claim(1)).lease is None
    await end_run(scripts, RUN)
    assert (await due.claim(1)).lease is not None


async def test_it_leaves_the_queue_once(scripts: Scripts) -> None:
    """A start can be removed while it's waiting, whoever holds the claim, and only once."""
    queue = StartQueue(scripts)
    await join(scripts, "a")
    await carded(scripts, "a")
    words = await asyncio.gather(*(queue.leave_queue("a", "no", user) for user in ("U2", "U3")))
    assert sorted(words) == ["ok", "over"]
    assert (await loaded(scripts, "a")).dropped_by in {"U2", "U3"}
    assert await queue.leave_queue("nobody", "no") == "gone"
    await scripts.redis.zadd(scripts.key("due", "queue"), {"a": 1})
    assert (await turn(scripts, "a"))[0] == "gone"


async def test_a_turn_that_is_taken_out_at_the_same_moment(scripts: Scripts) -> None:
    """The start is either sent or removed, never both."""
    await join(scripts, "a")
    await carded(scripts, "a")
    await end_run(scripts, RUN)
    word, lease = await turn(scripts, "a")
    assert word == "turn"
    queue = StartQueue(scripts)
    assert await queue.leave_queue("a", "no", "U2") == "ok"
    assert not await queue.take_turn(lease, await loaded(scripts, "a"), LOOK)


async def test_a_card_that_nobody_sees_is_not_waited_for(scripts: Scripts) -> None:
    """The card was deleted, or its channel refuses posts: a start that isn't shown isn't sent."""
    await join(scripts, "a")
    await carded(scripts, "a")
    await scripts.redis.hset(scripts.key("card", "T:A:a.5"), "unshowable", "message_not_found")
    assert (await turn(scripts, "a"))[0] == "unseen"


async def test_a_wait_has_an_end(scripts: Scripts) -> None:
    """Redis' clock decides."""
    await join(scripts, "a")
    assert (await turn(scripts, "a", longest_s=0))[0] == "late"


async def test_one_that_was_overtaken_keeps_its_place(scripts: Scripts) -> None:
    """A start that finds another run active goes back to its place in the queue, and waits for that run."""
    for name, user in (("a", "U1"), ("b", "U2")):
        await join(scripts, name, user=user)
        await carded(scripts, name)
    await end_run(scripts, RUN)
    _, lease = await turn(scripts, "a")
    requests, queue = StartRequests(scripts, Limits()), StartQueue(scripts)
    assert await queue.take_turn(lease, await loaded(scripts, "a"), LOOK)
    taken = await claim(scripts, "a", "requests")
    await requests.begin_sending(taken, await loaded(scripts, "a"), deadline_s=60, lease_s=30)
    other = RunKey("w", 9)
    assert await queue.requeue(taken, await loaded(scripts, "a"), other, FACTS, delay_s=0)
    request = await loaded(scripts, "a")
    assert (request.state, request.behind, request.rounds) == (RequestState.QUEUED, 9, 1)
    assert (await turn(scripts, "b"))[0] == "wait"
    assert (await turn(scripts, "a"))[0] == "wait"
    await end_run(scripts, other)
    assert (await turn(scripts, "a"))[0] == "turn"
