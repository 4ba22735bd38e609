"""Requests: stored once, protected against duplicates and backlogs, and advanced by the holder of the claim."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.core.model.admission import Limits
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.polling import Observed
from bot.core.model.request import Origin, Request, RequestState, StartPlan
from bot.core.model.run import CardRef, End, Observation, Retried, RunFacts, RunKey
from bot.core.model.start import NewRequest, Sending
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import DueSet
from bot.store.lanes import EditLane, PostLane, SlackBudget
from bot.store.record_json import from_json
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.start_requests import StartRequests
from tests.store.record import NOW, asked, follow_run


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


async def claimed(scripts: Scripts, requests: StartRequests, name: str) -> tuple[Lease, Request]:
    """Claim a request that is due; return the claim and the request."""
    claim = await DueSet(scripts, "requests", lease_s=10).claim(1)
    request = await requests.load_request(name)
    assert claim.lease is not None
    assert request is not None
    return claim.lease, request


async def carded(scripts: Scripts, requests: StartRequests, name: str) -> tuple[Lease, Request]:
    """A claimed request whose card is posted."""
    await requests.accept(asked(name, text=name))
    lease, request = await claimed(scripts, requests, name)
    assert await requests.looked(lease, request, StartPlan("nightly", "Nightly", 5))
    await scripts.redis.hset(scripts.key("req", name), "state", "carded")
    await scripts.redis.zadd(scripts.key("due", "requests"), {name: 0})
    return await claimed(scripts, requests, name)


async def test_a_delivery_is_recorded_once_however_often_it_comes(scripts: Scripts) -> None:
    """A delivery is recorded once, even if all copies arrive at the same moment."""
    requests = StartRequests(scripts, Limits())
    words = [one.word for one in await asyncio.gather(*(requests.accept(asked("a")) for _ in range(5)))]
    assert sorted(words) == ["known"] * 4 + ["new"]
    assert await scripts.redis.zcard(scripts.key("due", "requests")) == 1


async def test_the_same_words_are_the_first_request_until_a_minute_is_over(scripts: Scripts) -> None:
    """A request by another person, in another channel, for another schedule or for another start is a new one."""
    requests = StartRequests(scripts, Limits())
    await requests.accept(asked("a"))
    assert (await requests.accept(asked("b"))).id == "a"
    for other in (
        asked("c", user="U2"),
        asked("d", channel="B"),
        asked("e", text="hourly"),
        asked("f", force=True),
    ):
        assert (await requests.accept(other)).word == "new"


def meant(name: str, text: str, slug: str = "") -> NewRequest:
    """A start as it was typed, with the schedule's slug if that's known."""
    return replace(asked(name, text=text), slug=slug)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("nightly", "nightly"), ("Nightly", "nightly")),
        (("nightly", "nightly"), ("Nightly full build", "nightly")),
        (("Nightly_Build", ""), ("nightly build", "")),
        (("Café", ""), ("cafe", "")),
        (("nightly", ""), ("nightly", "nightly")),
        (("nightly", "nightly"), ("nightly", "")),
    ],
)
async def test_the_schedule_meant_is_compared_not_its_letters(
    scripts: Scripts, first: tuple[str, str], second: tuple[str, str]
) -> None:
    """Slugs are compared if they're known, else folded names."""
    requests = StartRequests(scripts, Limits())
    assert (await requests.accept(meant("a", *first))).word == "new"
    assert (await requests.accept(meant("b", *second))).id == "a"


async def test_two_schedules_whose_names_fold_alike_are_two_starts(scripts: Scripts) -> None:
    """Schedules known to be different are never taken for the same one, even if their names fold alike."""
    requests = StartRequests(scripts, Limits())
    assert (await requests.accept(meant("a", "Cafe", "cafe-1"))).word == "new"
    assert (await requests.accept(meant("b", "Café", "cafe-2"))).word == "new"


async def test_once_looked_up_a_start_is_known_by_its_schedule(scripts: Scripts) -> None:
    """After its lookup, a start is known by its schedule, even if the replica that accepted it had no list."""
    requests = StartRequests(scripts, Limits())
    await requests.accept(meant("a", "Nightly full build"))
    lease, request = await claimed(scripts, requests, "a")
    assert await requests.looked(lease, request, StartPlan("nightly", "Nightly full build", 5))
    assert (await requests.accept(meant("b", "nightly", "nightly"))).id == "a"


async def test_a_version_that_compares_words_shares_the_same_redis(scripts: Scripts) -> None:
    """Each version finds what the other recorded, by the words as typed."""
    typed = scripts.key("same", hashlib.sha256(b'U1/A/run "nightly"').hexdigest()[:32])
    requests = StartRequests(scripts, Limits())
    await requests.accept(meant("a", "nightly", "nightly"))
    assert await scripts.redis.get(typed) == "a"
    await scripts.redis.hset(scripts.key("req", "old"), mapping={"state": "carded", "asked_us": "1"})
    await scripts.redis.delete(*[key async for key in scripts.redis.scan_iter(scripts.key("same", "*"))])
    await scripts.redis.set(typed, "old")
    assert (await requests.accept(meant("b", "nightly", "nightly"))).id == "old"


@pytest.mark.parametrize(
    ("state", "word"), [("settled", "new"), ("unclear", "same"), ("refused", "new"), ("looked", "same")]
)
async def test_how_the_first_stands_decides_after_its_minute(scripts: Scripts, state: str, word: str) -> None:
    """If the first request is still unsettled, the person is asked; if it was refused, they can repeat it at once."""
    requests = StartRequests(scripts, Limits(ask_again_s=0))
    await requests.accept(asked("a"))
    await scripts.redis.hset(scripts.key("req", "a"), "state", state)
    assert (await requests.accept(asked("b"))).word == word


@pytest.mark.parametrize("limits", [Limits(waiting=2), Limits(waiting_in_channel=2)])
async def test_what_would_wait_too_long_is_refused_and_recorded_nowhere(scripts: Scripts, limits: Limits) -> None:
    """The third start exceeds the limit, either for all waiting starts or for those in a channel."""
    requests = StartRequests(scripts, limits)
    words = [(await requests.accept(asked(name, text=name))).word for name in ("a", "b", "c")]
    assert words == ["new", "new", "full"]
    assert await requests.load_request("c") is None


@pytest.mark.parametrize(
    ("posts_a_minute", "deadline_s", "waiting", "in_channel"),
    [(240, 60, 240, 50), (12, 60, 12, 12), (240, 10, 40, 8), (240, 600, 2400, 500), (12, 1, 1, 1)],
)
def test_as_many_starts_may_wait_as_get_a_card_in_time(
    posts_a_minute: int, deadline_s: float, waiting: int, in_channel: int
) -> None:
    """If more starts were accepted, they would only be refused later, after their deadline."""
    limits = Limits.for_budget(30, 100, posts_a_minute=posts_a_minute, deadline_s=deadline_s)
    assert (limits.waiting, limits.waiting_in_channel) == (waiting, in_channel)


async def test_a_start_counts_until_its_deadline(scripts: Scripts) -> None:
    """A start counts toward the limit until its deadline, no matter how soon its command can be repeated."""
    requests = StartRequests(scripts, Limits(ask_again_s=0, deadline_s=600, waiting=1))
    assert (await requests.accept(asked("a", text="a"))).word == "new"
    assert (await requests.accept(asked("b", text="b"))).word == "full"
    over = StartRequests(scripts, Limits(ask_again_s=60, deadline_s=0, waiting=1))
    assert (await over.accept(asked("c", text="c"))).word == "new"


async def test_a_step_works_only_from_its_state_and_with_its_claim(scripts: Scripts) -> None:
    """A process that lost the claim, or comes late, changes nothing."""
    requests = StartRequests(scripts, Limits())
    await requests.accept(asked("a"))
    lease, request = await claimed(scripts, requests, "a")
    assert not await requests.closed(lease, replace(request, state=RequestState.CARDED))
    stale = Lease(lease.due, lease.members, lease.token - 1, lease.until, lease.lease_s)
    assert not await requests.refused(stale, request, "no")
    assert await requests.refused(lease, request, "no", near=("nightly",))
    after = await requests.load_request("a")
    assert after is not None
    assert (after.state, after.why, after.near) == (RequestState.REFUSED, "no", ("nightly",))


async def test_what_was_asked_too_long_ago_is_not_sent(scripts: Scripts) -> None:
    """Redis' clock decides, in the same script that would record the sending."""
    requests = StartRequests(scripts, Limits())
    lease, request = await carded(scripts, requests, "a")
    assert await requests.begin_sending(lease, request, deadline_s=0, lease_s=30) is Sending.EXPIRED


async def test_one_start_of_a_schedule_is_sent_at_a_time(scripts: Scripts) -> None:
    """Otherwise, if a reply is lost, the other start's run could be taken for this one's."""
    requests = StartRequests(scripts, Limits())
    first, request = await carded(scripts, requests, "a")
    assert await requests.begin_sending(first, request, deadline_s=60, lease_s=30) is Sending.GO
    second, other = await carded(scripts, requests, "b")
    assert await requests.begin_sending(second, other, deadline_s=60, lease_s=30) is Sending.BUSY
    await requests.settle(replace(request, state=RequestState.SENDING), RunKey("w", 6), told=True)
    await scripts.redis.zadd(scripts.key("due", "requests"), {"b": 0})
    again, other = await claimed(scripts, requests, "b")
    assert await requests.begin_sending(again, other, deadline_s=60, lease_s=30) is Sending.GO


async def test_a_start_is_begun_once(scripts: Scripts) -> None:
    """A second attempt finds it being sent, and doesn't send it again."""
    requests = StartRequests(scripts, Limits())
    lease, request = await carded(scripts, requests, "a")
    assert await requests.begin_sending(lease, request, deadline_s=60, lease_s=30) is Sending.GO
    assert await requests.begin_sending(lease, request, deadline_s=60, lease_s=30) is Sending.LOST


async def test_a_told_run_is_recorded_although_a_search_adopted_another(scripts: Scripts) -> None:
    """If a paused process gets its reply late, its run is followed anyway."""
    requests, runs = StartRequests(scripts, Limits()), Runs(scripts)
    await follow_run(scripts, 7)
    request = await requests.load_request("request-7")
    assert request is not None
    await requests.settle(request, RunKey("w", 8), told=True)
    after = await requests.load_request("request-7")
    assert after is not None
    assert after.run_id == 7
    assert await runs.load_run(RunKey("w", 8)) is not None
    assert await runs.started_by_us("w", [7, 8]) == frozenset({7, 8})


async def test_other_starts_whose_end_is_not_known_are_told(scripts: Scripts) -> None:
    """Other starts are returned while their outcome is unknown; a request is never among its own results."""
    requests = StartRequests(scripts, Limits())
    began: dict[str, Request] = {}
    for name in ("a", "b"):
        lease, request = await carded(scripts, requests, name)
        assert await requests.begin_sending(lease, request, deadline_s=60, lease_s=30) is Sending.GO
        sending = replace(request, state=RequestState.SENDING)
        assert await requests.looking(lease, sending, delay_s=60)
        await requests.unlock(request)
        began[name] = sending
    first = await requests.load_request("a")
    assert first is not None
    (rival,) = await requests.rivals(began["b"])
    assert (rival.sent_at, rival.branch) == (first.sending_at, first.plan.branch if first.plan else "")
    await requests.settle(began["a"], RunKey("w", 7), told=False)
    assert await requests.rivals(began["b"]) == ()
    assert await scripts.redis.zcard(next(iter(await scripts.redis.keys("*:sent:*")))) == 1


RETRY = RetryCommand(every=False, run_id=7)


@dataclass(frozen=True, slots=True)
class OldBody:
    """A request as it's read by replicas that don't know retries."""

    team: str
    channel: str
    user: str
    user_name: str
    wanted: RunCommand


async def test_a_retry_comes_back_and_no_older_replica_takes_it_for_a_run(scripts: Scripts) -> None:
    """An older replica can't read a retry, and leaves it to a newer one; both can read a plain run."""
    requests = StartRequests(scripts, Limits())
    origin = Origin(RunFacts(slug="nightly", asked_at=NOW), CardRef("A", "1.5"))
    await requests.accept(replace(asked("a"), start_command=RETRY, origin=origin))
    await requests.accept(asked("b"))
    retry, run = await requests.load_request("a"), await requests.load_request("b")
    assert retry is not None
    assert run is not None
    assert (retry.start_command, retry.origin) == (RETRY, origin)
    assert (run.start_command, run.origin) == (RunCommand("nightly"), None)
    with pytest.raises(ValidationError, match="schedule"):
        from_json(OldBody, str(await scripts.redis.hget(scripts.key("req", "a"), "body")))
    assert (
        from_json(OldBody, str(await scripts.redis.hget(scripts.key("req", "b"), "body"))).wanted == run.start_command
    )


async def retried(scripts: Scripts, requests: StartRequests, name: str, run_id: int) -> None:
    """Retry run 7; the retry gets this id."""
    await requests.accept(replace(asked(name, user=f"U{name}"), start_command=RETRY))
    lease, request = await claimed(scripts, requests, name)
    assert await requests.looked(lease, request, StartPlan("s7", "S 7", 7, parent_run=7))
    request = replace(request, plan=StartPlan("s7", "S 7", 7, parent_run=7))
    await requests.settle(request, RunKey("w", run_id), told=True)


async def test_a_run_that_was_retried_says_so_also_when_it_is_sealed(scripts: Scripts) -> None:
    """The card shows the newest retry, each retry is posted once in its thread, and then the card is sealed again."""
    requests, runs = StartRequests(scripts, Limits()), Runs(scripts)
    await follow_run(scripts, 7)
    run, card = scripts.key("run", "w:7"), scripts.key("card", "T:A:7.5")
    await scripts.redis.hset(run, mapping={"concluded": "1", "sealed": "1", "final": "1"})
    await scripts.redis.hset(card, "sealed", "1")
    await scripts.redis.hdel(card, "queued")
    await scripts.redis.delete(scripts.key("edits", "state", "A"))
    await scripts.redis.expire(card, 5)
    await retried(scripts, requests, "b", 9)
    await retried(scripts, requests, "c", 8)
    known = await runs.load_run(RunKey("w", 7))
    assert known is not None
    assert known.retried == Retried(9, "Ub")
    assert await scripts.redis.zrange(scripts.key("edits", "state", "A"), 0, -1) == ["T:A:7.5"]
    items = await scripts.redis.zrange(scripts.key("posts", "retried", "A"), 0, -1)
    assert items == ["retried-9/T:A:7.5", "retried-8/T:A:7.5"]
    assert await scripts.redis.ttl(card) > 100
    lane = PostLane(scripts, SlackBudget(post_gap_s=0, channel_gap_s=0), lease_s=10, upload_lease_s=10)
    for number in (9, 8):
        taken = await lane.claim()
        assert taken.lease is not None
        post = ClaimedPost(taken.lease, taken.urgency, taken.channel, "card:T:A:7.5", f"retried-{number}")
        assert await lane.posted(post, "T:A:7.5", f"{number}.1") == "ok"
        await scripts.redis.delete(scripts.key("budget", "channels"))
    edits = EditLane(scripts, SlackBudget(), lease_s=10)
    edit = await edits.claim()
    while edit.item != "T:A:7.5":
        edit = await edits.claim()
    assert edit.lease is not None
    assert await edits.shown(edit.lease, f"run:{known.rev}") == "done"
    assert await scripts.redis.hget(card, "sealed") == "1"
    assert await scripts.redis.ttl(card) > 100


async def test_a_card_whose_record_was_lost_is_made_again_and_tells_no_end(scripts: Scripts) -> None:
    """The run's end is read again only for the card. An existing record is left as it is."""
    runs, due = Runs(scripts), DueSet(scripts, "polls", lease_s=10)
    key, seen = RunKey("w", 7), Observation("ERROR")
    for name in ("first", "second"):
        await runs.restore_run(key, RunFacts(name=name), seen, "T", CardRef("A", "7.5"), over=True)
    polled = await due.claim(10)
    assert polled.lease is not None
    assert await runs.store_observations(polled.lease, polled.at_us, [Observed(key, seen, 5)]) == ["final"]
    ended = await DueSet(scripts, "ends", lease_s=10).claim(1)
    known = await runs.load_run(key)
    assert ended.lease is not None
    assert known is not None
    assert known.facts.name == "first"
    assert await runs.conclude(ended.lease, known, End(log="late"))
    assert await scripts.redis.keys(scripts.key("posts", "*")) == []
    assert await scripts.redis.zrange(scripts.key("edits", "fail", "A"), 0, -1) == ["T:A:7.5"]


async def test_a_card_of_a_run_that_goes_on_is_made_again_and_tells_its_end(scripts: Scripts) -> None:
    """Each of the run's channels has one card, even if the run's record already exists."""
    runs, due = Runs(scripts), DueSet(scripts, "polls", lease_s=10)
    key, seen = RunKey("w", 7), Observation("RUNNING")
    for channel, ts in (("A", "7.5"), ("B", "7.6"), ("A", "7.7")):
        await runs.restore_run(key, RunFacts(name="nightly"), seen, "T", CardRef(channel, ts), over=False)
    assert await runs.card_in(key, "A") == CardRef("A", "7.5")
    assert await runs.card_in(key, "B") == CardRef("B", "7.6")
    assert await runs.load_card("T", CardRef("A", "7.7")) is None
    polled = await due.claim(10)
    assert polled.lease is not None
    over = Observed(key, Observation("SUCCESS"), 5)
    assert await runs.store_observations(polled.lease, polled.at_us, [over]) == ["final"]
    await runs.restore_run(key, RunFacts(), seen, "T", CardRef("C", "7.8"), over=False)
    assert await runs.card_in(key, "C") is None
    ended = await DueSet(scripts, "ends", lease_s=10).claim(1)
    known = await runs.load_run(key)
    assert ended.lease is not None
    assert known is not None
    assert await runs.conclude(ended.lease, known, End())
    assert await scripts.redis.zrange(scripts.key("posts", "end", "A"), 0, -1) != []


async def test_runs_with_commands_of_their_own_are_told_apart(scripts: Scripts) -> None:
    """The duration of such a run says nothing about its schedule."""
    runs = Runs(scripts)
    for number, overridden in ((1, False), (2, True)):
        facts = RunFacts(commands=("dbt test",), overridden=overridden)
        await runs.restore_run(
            RunKey("w", number), facts, Observation("SUCCESS"), "T", CardRef("A", f"{number}.5"), over=True
        )
    assert await runs.overridden("w", [1, 2, 3]) == frozenset({2})
    assert await runs.overridden("w", []) == frozenset()
    assert await runs.card_in(RunKey("w", 2), "A") == CardRef("A", "2.5")
    assert await runs.card_in(RunKey("w", 2), "B") is None
