"""Lanes: slots in Slack's budget go to the most urgent items first, and to channels in turn."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand
from bot.core.model.polling import Observed
from bot.core.model.run import CardRef, End, Observation, RunFacts, RunKey
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import DueSet
from bot.store.lanes import EditLane, PostLane, SlackBudget
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import NOW, follow_run

FREE = SlackBudget(post_gap_s=0, channel_gap_s=0)


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


def edits(scripts: Scripts, budget: SlackBudget = FREE, lease_s: float = 10) -> EditLane:
    """The lane of edits."""
    return EditLane(scripts, budget, lease_s=lease_s)


def posts(scripts: Scripts, budget: SlackBudget = FREE, lease_s: float = 10) -> PostLane:
    """The lane of posts."""
    return PostLane(scripts, budget, lease_s=lease_s, upload_lease_s=60)


async def end_run(scripts: Scripts, run_id: int, state: str, log: str = "none") -> None:
    """Observe that a run is over, and conclude it."""
    runs, key = Runs(scripts), RunKey("w", run_id)
    await observe(scripts, run_id, state)
    claimed = await DueSet(scripts, "ends", lease_s=10).claim(1)
    run = await runs.load_run(key)
    assert claimed.lease is not None
    assert run is not None
    assert await runs.conclude(claimed.lease, run, End(log=log))


async def observe(scripts: Scripts, run_id: int, state: str, *, commands: int = 0) -> None:
    """Poll a run that is due."""
    polls = DueSet(scripts, "polls", lease_s=10)
    token = int(await scripts.redis.zscore(scripts.key("due", "polls"), RunKey("w", run_id).name) or 0)
    lease = Lease(polls.name, (RunKey("w", run_id).name,), token, 0, 10)
    seconds, micros = await scripts.redis.time()
    claimed_us = int(seconds) * 1_000_000 + int(micros)
    seen = Observation(state, tuple(BoltCommand(number, "dbt run") for number in range(commands)))
    await Runs(scripts).store_observations(lease, claimed_us, [Observed(RunKey("w", run_id), seen, 5)])


async def settled_cards(scripts: Scripts, *places: str) -> None:
    """Active runs with a card in each of these channels, all of them up to date."""
    for number, channel in enumerate(places, start=1):
        await follow_run(scripts, number, channel=channel)
    lane = edits(scripts)
    while True:
        taken = await lane.claim()
        if taken.lease is None:
            return
        card = await lane.load_card(taken.item)
        assert card is not None
        assert card.run is not None
        run = await Runs(scripts).load_run(card.run)
        assert run is not None
        assert await lane.shown(taken.lease, f"run:{run.rev}") == "done"


async def test_ends_that_failed_are_edited_before_all_else(scripts: Scripts) -> None:
    """The order is failed ends, other ends, changes of state, regardless of which came first."""
    await settled_cards(scripts, "A", "B", "C")
    await observe(scripts, 1, "RUNNING")
    await end_run(scripts, 2, "SUCCESS")
    await end_run(scripts, 3, "FAILED")
    lane = edits(scripts)
    taken = [await lane.claim() for _ in range(3)]
    assert [one.urgency for one in taken] == ["fail", "end", "state"]
    assert [one.channel for one in taken] == ["C", "B", "A"]


async def test_channels_take_turns(scripts: Scripts) -> None:
    """A channel with many ends doesn't hold up a channel with one."""
    await settled_cards(scripts, "A", "A", "A", "B")
    for number in (1, 2, 3, 4):
        await end_run(scripts, number, "FAILED")
    lane = posts(scripts)
    channels = [(await lane.claim()).channel for _ in range(4)]
    assert channels.index("B") <= 1


async def test_the_edit_budget_keeps_slots_for_ends(scripts: Scripts) -> None:
    """If the slots for changes are used up, an end still gets one, and a change has to wait."""
    await settled_cards(scripts, "A", "B", "C", "D")
    await scripts.redis.delete(scripts.key("budget", "edits"))
    for number in (1, 2, 3):
        await observe(scripts, number, "RUNNING")
    await end_run(scripts, 4, "FAILED")
    lane = edits(scripts, SlackBudget(edits=3, edits_for_changes=2, edits_for_progress=1, edit_window_s=60))
    assert (await lane.claim()).urgency == "fail"
    assert (await lane.claim()).urgency == "state"
    third = await lane.claim()
    assert third.lease is None
    assert third.wait_s is not None
    assert third.wait_s > 1


async def test_progress_is_the_first_to_be_left_out(scripts: Scripts) -> None:
    """Once the slots for progress are used up, progress waits, but a change of state still gets a slot."""
    await settled_cards(scripts, "A", "B")
    await observe(scripts, 1, "RUNNING")
    lane = edits(scripts)
    taken = await lane.claim()
    assert taken.lease is not None
    assert await lane.shown(taken.lease, "run:2") == "done"
    await observe(scripts, 1, "RUNNING", commands=1)
    tight = edits(scripts, SlackBudget(edits=99, edits_for_changes=98, edits_for_progress=1, edit_window_s=60))
    assert (await tight.claim()).lease is None
    await observe(scripts, 2, "RUNNING")
    assert (await tight.claim()).urgency == "state"
    assert (await lane.claim()).urgency == "progress"


async def test_counts_and_progress_do_not_wait_for_each_other(scripts: Scripts) -> None:
    """Incidents' counts have their own slots, and take none from progress."""
    await settled_cards(scripts, "A", "B")
    await scripts.redis.delete(scripts.key("budget", "edits"))
    lane = edits(
        scripts, SlackBudget(edits=12, edits_for_changes=11, edits_for_progress=2, edits_for_counts=1), lease_s=100
    )
    for number in (1, 2):
        await observe(scripts, number, "RUNNING")
        taken = await lane.claim()
        assert taken.lease is not None
        assert await lane.shown(taken.lease, "run:2") == "done"
    await observe(scripts, 1, "RUNNING", commands=1)
    await queue_counts(scripts, "C", "incident-1", "incident-2")
    full = await lane.claim()
    assert (full.urgency, full.channel) == ("count", "C")
    waiting = await lane.claim()
    assert waiting.lease is None
    assert 50 < (waiting.wait_s or 0) <= 61
    # The count hasn't taken any of the progress slots, so one becomes free.
    oldest = (await scripts.redis.zrange(scripts.key("budget", "edits"), 0, 0))[0]
    await scripts.redis.zrem(scripts.key("budget", "edits"), str(oldest))
    assert (await lane.claim()).urgency == "progress"


async def test_counts_are_spread_over_the_minute(scripts: Scripts) -> None:
    """Counts are edited once every five seconds at most, however many wait, and less often with a smaller budget."""
    await queue_counts(scripts, "C", "incident-1", "incident-2")
    lane = edits(scripts, lease_s=100)
    assert (await lane.claim()).urgency == "count"
    again = await lane.claim()
    assert again.lease is None
    assert 4 < (again.wait_s or 0) <= 5
    # Even with an edit every five seconds, a slightly late claim could put one edit too many into a minute.
    few = edits(scripts, SlackBudget(edits_for_counts=1), lease_s=100)
    await scripts.redis.delete(scripts.key("budget", "counts"))
    full = await few.claim()
    assert full.lease is None
    assert 50 < (full.wait_s or 0) <= 61
    assert (await lane.claim()).urgency == "count"
    assert SlackBudget.of(10_000, 240).edits_for_counts == 12
    assert SlackBudget.of(12, 240).edits_for_counts == 3


async def queue_counts(scripts: Scripts, channel: str, *cards: str) -> None:
    """Queue edits for the counts of these incidents' messages."""
    await scripts.redis.zadd(scripts.key("edits", "count", channel), dict.fromkeys(cards, 0))
    await scripts.redis.zadd(scripts.key("edits", "count"), {channel: 0})


async def test_posts_keep_their_distance(scripts: Scripts) -> None:
    """One gap applies to posts in the same channel, and another to all posts."""
    await settled_cards(scripts, "A", "A", "B")
    for number in (1, 2, 3):
        await end_run(scripts, number, "FAILED")
    lane = posts(scripts, SlackBudget(post_gap_s=0, channel_gap_s=30))
    assert {(await lane.claim()).channel for _ in range(2)} == {"A", "B"}
    third = await lane.claim()
    assert third.lease is None
    assert third.wait_s is not None
    assert third.wait_s > 1

    slow = posts(scripts, SlackBudget(post_gap_s=30, channel_gap_s=0))
    await scripts.redis.delete(scripts.key("budget", "channels"))
    await scripts.redis.zadd(scripts.key("posts", "fail"), {"A": 0})
    assert (await slow.claim()).lease is not None
    again = await slow.claim()
    assert again.lease is None
    assert again.wait_s is not None
    assert again.wait_s > 1


async def test_retry_after_stops_a_lane_for_everyone(scripts: Scripts) -> None:
    """If Slack tells one replica to wait, all replicas wait."""
    await settled_cards(scripts, "A")
    await end_run(scripts, 1, "FAILED")
    await posts(scripts).hold(40)
    await edits(scripts).hold(40)
    for lane in (posts(scripts), edits(scripts)):
        taken = await lane.claim()
        assert taken.lease is None
        assert taken.wait_s is not None
        assert 35 < taken.wait_s <= 40


async def test_a_card_that_moved_on_while_it_was_edited_is_edited_again(scripts: Scripts) -> None:
    """The shown revision is stored, and the card leaves the lane only if its run hasn't changed since."""
    await settled_cards(scripts, "A")
    lane, runs = edits(scripts), Runs(scripts)
    await observe(scripts, 1, "RUNNING")
    taken = await lane.claim()
    before = await runs.load_run(RunKey("w", 1))
    await observe(scripts, 1, "DEPLOYING")
    assert taken.lease is not None
    assert before is not None
    assert await lane.shown(taken.lease, f"run:{before.rev}") == "again"
    assert (await lane.claim()).item == taken.item


async def test_an_edit_under_way_keeps_its_lease_when_its_card_becomes_more_urgent(scripts: Scripts) -> None:
    """A card never has two edits in flight, because the older one could arrive last."""
    await settled_cards(scripts, "A")
    lane = edits(scripts)
    await observe(scripts, 1, "RUNNING")
    taken = await lane.claim()
    await end_run(scripts, 1, "FAILED")
    assert (await lane.claim()).lease is None
    assert taken.lease is not None
    assert await lane.shown(taken.lease, "run:2") == "again"
    again = await lane.claim()
    assert again.urgency == "fail"
    assert again.item == taken.item


async def test_who_finishes_an_edit_without_its_lease_has_it_edited_again(scripts: Scripts) -> None:
    """It isn't known whose edit Slack received last, so from then on it isn't known which revision is shown."""
    await settled_cards(scripts, "A")
    await observe(scripts, 1, "RUNNING")
    paused = await edits(scripts, lease_s=0).claim()
    other = await edits(scripts).claim()
    assert paused.lease is not None
    assert other.lease is not None
    assert await edits(scripts).shown(other.lease, "run:2") == "done"
    assert await edits(scripts).shown(paused.lease, "run:2") == "lost"
    assert (await edits(scripts).claim()).item == paused.item


async def test_a_card_that_cannot_be_edited_stays_out_until_its_end(scripts: Scripts) -> None:
    """Slack rejects its edits: later changes take no slot, but the end gets one more try."""
    await settled_cards(scripts, "A")
    await observe(scripts, 1, "RUNNING")
    taken = await edits(scripts).claim()
    assert taken.lease is not None
    await edits(scripts).unshowable(taken.lease, "not_in_channel")
    await observe(scripts, 1, "DEPLOYING")
    assert (await edits(scripts).claim()).lease is None
    await end_run(scripts, 1, "FAILED")
    assert (await edits(scripts).claim()).urgency == "fail"


async def test_a_post_is_attempted_once(scripts: Scripts) -> None:
    """A second attempt finds the first one's record, with its time; a post that was sent isn't attempted again."""
    await settled_cards(scripts, "A")
    await end_run(scripts, 1, "FAILED")
    lane = posts(scripts)
    taken = await lane.claim()
    assert taken.lease is not None
    card = taken.item.partition("/")[2]
    post = ClaimedPost(taken.lease, taken.urgency, taken.channel, f"card:{card}", "end")
    assert (await lane.attempt(post)).word == "go"
    half = await lane.attempt(post)
    assert (half.word, half.kind) == ("half", "sent")
    assert abs(half.at - (await scripts.redis.time())[0]) < 5
    assert (await lane.attempt(post, "again")).word == "go"
    assert await lane.posted(post, card, "9.9") == "ok"
    assert (await lane.attempt(post)).word == "lost"
    assert await lane.posted(post, card, "10.1") == "done:9.9"


async def test_a_post_under_a_card_that_has_expired_brings_no_record_back(scripts: Scripts) -> None:
    """Such a record would never expire."""
    await settled_cards(scripts, "A")
    await end_run(scripts, 1, "FAILED")
    lane = posts(scripts)
    taken = await lane.claim()
    assert taken.lease is not None
    card = taken.item.partition("/")[2]
    await scripts.redis.delete(scripts.key("card", card))
    post = ClaimedPost(taken.lease, taken.urgency, taken.channel, f"card:{card}", "end")
    await lane.attempt(post)
    assert await lane.posted(post, card, "9.9", next_item=f"file/{card}") == "ok"
    assert not await scripts.redis.exists(scripts.key("card", card))
    assert (await lane.claim()).lease is None


async def test_a_file_of_a_record_that_is_gone_brings_none_back(scripts: Scripts) -> None:
    """During an upload, its record may expire, or its schedule or channel may be renamed."""
    lane, card = posts(scripts), "T:C1:1.0"
    post = ClaimedPost(Lease("posts", ("x",), 1, 0, 10), "attached", "C1", "incident:C1:nightly", "file-1-1")
    records = (scripts.key("incident", "C1", "nightly"), scripts.key("card", card))
    await lane.note_attachment(post, "F1")
    await lane.note_file(card, "F1")
    assert await scripts.redis.exists(*records) == 0
    for record in records:
        await scripts.redis.hset(record, "team", "T")
    await lane.note_attachment(post, "F1")
    await lane.note_file(card, "F1")
    stored = await lane.load_card(card)
    assert (await lane.attachment_of(post), stored and stored.file_id) == ("F1", "F1")


async def test_a_card_that_is_over_and_told_is_sealed(scripts: Scripts) -> None:
    """Once a card is up to date, with its end and file posted, it leaves every set, and all of its records expire."""
    await settled_cards(scripts, "A")
    await end_run(scripts, 1, "FAILED", log="read")
    lane = posts(scripts)
    for next_item in ("file/{}", ""):
        taken = await lane.claim()
        assert taken.lease is not None
        kind, _, card = taken.item.partition("/")
        post = ClaimedPost(taken.lease, taken.urgency, taken.channel, f"card:{card}", kind)
        await lane.posted(post, card, "9.9", next_item=next_item.format(card))
    taken = await edits(scripts).claim()
    assert taken.lease is not None
    run = await Runs(scripts).load_run(RunKey("w", 1))
    assert run is not None
    assert await edits(scripts).shown(taken.lease, f"run:{run.rev}") == "done"
    assert await scripts.redis.ttl(scripts.key("run", "w:1")) > 0
    assert await scripts.redis.ttl(scripts.key("card", taken.item)) > 0
    assert not await scripts.redis.exists(scripts.key("due", "polls"), scripts.key("due", "ends"))


async def test_a_button_rebuilds_what_redis_has_lost(scripts: Scripts) -> None:
    """A request to cancel a run that isn't stored restores the run, its card and its poll."""
    runs, key = Runs(scripts), RunKey("w", 4711)
    facts = RunFacts(slug="nightly", name="Nightly", asked_by="U1", asked_at=NOW)
    asker = Asker("T", "U2", "A")
    answer = await runs.record_wish(key, asker, NOW, facts, Observation(), CardRef("A", "1.5"))
    assert answer.word == "new"
    run = await runs.load_run(key)
    assert run is not None
    assert run.facts == facts
    card = await edits(scripts).claim()
    assert card.item == "T:A:1.5"
    assert (await DueSet(scripts, "polls", lease_s=10).claim(9)).rows == (("w:4711",),)


async def test_uploads_have_a_slower_pace_of_their_own(scripts: Scripts) -> None:
    """Files wait for each other, and hold up nothing else."""
    await settled_cards(scripts, "A", "B", "C")
    lane = posts(scripts, SlackBudget(post_gap_s=0, channel_gap_s=0, upload_gap_s=30))
    for number in (1, 2):
        await end_run(scripts, number, "FAILED", "read")
        taken = await lane.claim()
        assert taken.lease is not None
        card = taken.item.partition("/")[2]
        post = ClaimedPost(taken.lease, taken.urgency, taken.channel, f"card:{card}", "end")
        assert await lane.posted(post, card, "9.9", next_item=f"file/{card}") == "ok"
    assert (await lane.claim()).item.startswith("file/")
    waiting = await lane.claim()
    assert waiting.lease is None
    assert waiting.wait_s is not None
    assert waiting.wait_s > 1
    await end_run(scripts, 3, "FAILED")
    assert (await lane.claim()).item.startswith("end/")
