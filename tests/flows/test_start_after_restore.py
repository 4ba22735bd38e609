"""After a restore, waiting starts may already have been sent, so their cards are read before anything is sent."""

from __future__ import annotations

import pytest

from bot.core.model.errors import SlackNotSent
from bot.core.model.request import RequestState
from bot.core.model.run import Observation, Run, RunFacts, RunKey
from bot.core.policy.rules import Approve, Policy, Rule
from bot.core.text.message import Message
from bot.core.views.card import run_card
from tests.flows.stage import ADA, APP, CHANNEL, Stage, carded, sent
from tests.flows.test_start_queue import end_of, queued, refused

TWO_MINUTES_US = 120_000_000


async def absence(stage: Stage) -> None:
    """No process worked on this data for a while, until just now."""
    seconds, rest_us = await stage.redis.time()
    await stage.redis.hset(stage.scripts.key("pulse"), "away_us", str(int(seconds) * 1_000_000 + int(rest_us)))


async def show_run(stage: Stage, run_id: int, name: str = "q1") -> None:
    """The card of a start shows a run, as it did before Redis was restored."""
    card = (await stage.request(name)).card
    assert card is not None
    run = Run(
        RunKey("w", run_id),
        facts=RunFacts("nightly", "Nightly", asked_by=ADA, request=name),
        seen=Observation("RUNNING"),
    )
    await stage.chat.edit_message(card.channel, card.ts, run_card(run, APP))


async def queued_before(stage: Stage) -> None:
    """A queued start whose run ended before an absence."""
    await refused(stage)
    await queued(stage)
    await end_of(stage, 101)
    await absence(stage)


async def test_a_claim_after_a_minute_without_any_notices_an_absence(start_stage: Stage) -> None:
    """A claim after less than a minute doesn't show an absence, and the very first claim doesn't show one either."""
    pulse = start_stage.scripts.key("pulse")
    await start_stage.due["polls"].claim(1)
    at_us = int(await start_stage.redis.hget(pulse, "at_us") or 0)
    await start_stage.redis.hset(pulse, "at_us", str(at_us - 50_000_000))
    await start_stage.due["polls"].claim(1)
    assert await start_stage.redis.hget(pulse, "away_us") is None
    await start_stage.redis.hset(pulse, "at_us", str(at_us - TWO_MINUTES_US))
    await start_stage.due["polls"].claim(1)
    assert int(await start_stage.redis.hget(pulse, "away_us") or 0) >= at_us


async def test_a_queued_start_whose_card_shows_a_run_is_not_sent_again(start_stage: Stage) -> None:
    """The run that the card shows is followed instead."""
    await queued_before(start_stage)
    await show_run(start_stage, 102)
    await start_stage.advance("queue")
    request = await start_stage.request("q1")
    assert (request.state, request.run_id) == (RequestState.SETTLED, 102)
    assert (await start_stage.run(102)).facts.request == "q1"
    assert sent(start_stage) == []


async def test_a_queued_start_that_still_waits_is_sent(start_stage: Stage) -> None:
    """The bot was only away, and nothing was restored. The card is read once."""
    await queued_before(start_stage)
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.CARDED
    assert (await start_stage.request("q1")).checked_at is not None
    await start_stage.advance()
    assert sent(start_stage) == ["trigger"]


async def test_a_queued_start_that_was_removed_stays_removed(start_stage: Stage) -> None:
    """The removed start's card no longer has a button."""
    await queued_before(start_stage)
    card = (await start_stage.request("q1")).card
    assert card is not None
    await start_stage.chat.edit_message(card.channel, card.ts, Message(("Nightly was removed from the queue.",)))
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.REFUSED
    assert "Start it again" in (await start_stage.request("q1")).why
    assert sent(start_stage) == []


async def test_a_queued_start_whose_card_can_not_be_read_is_not_sent(start_stage: Stage) -> None:
    """When in doubt, the start is refused, so it never happens twice. While Slack doesn't answer, the start waits."""
    await queued_before(start_stage)
    start_stage.chat.faults.fail("read_message", SlackNotSent("conversations.replies"))
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.QUEUED
    start_stage.chat.unreadable = True
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.REFUSED
    assert sent(start_stage) == []


async def test_the_cards_of_a_queue_are_not_edited_before_they_are_read(start_stage: Stage) -> None:
    """An edit would hide the run that a later start's card shows."""
    await refused(start_stage)
    await queued(start_stage)
    await refused(start_stage, "r2", user="U2")
    await queued(start_stage, "q2", user="U2", of="r2")
    await end_of(start_stage, 101)
    await absence(start_stage)
    await show_run(start_stage, 102)
    await show_run(start_stage, 103, "q2")
    start_stage.bolt.add_run("nightly", "SUCCESS")
    await start_stage.advance("queue")
    while await start_stage.edit():
        pass
    card = (await start_stage.request("q2")).card
    assert card is not None
    assert "is running" in start_stage.chat.posted[card.channel, card.ts].text


@pytest.mark.parametrize("shows_run", [True, False])
async def test_a_start_that_is_too_late_may_have_been_sent(start_stage: Stage, *, shows_run: bool) -> None:
    """The backup was made between a start's card and its run. If the card shows no run, nothing was started."""
    start_stage.deadline_s = 60
    await carded(start_stage)
    asked_us = int(await start_stage.redis.hget(start_stage.scripts.key("req", "r1"), "asked_us") or 0)
    await start_stage.redis.hset(start_stage.scripts.key("req", "r1"), "asked_us", str(asked_us - TWO_MINUTES_US))
    await absence(start_stage)
    if shows_run:
        await show_run(start_stage, 102, "r1")
    await start_stage.advance()
    assert await start_stage.state() is (RequestState.SETTLED if shows_run else RequestState.REFUSED)
    assert sent(start_stage) == []


@pytest.mark.parametrize("shows_run", [True, False])
async def test_an_approval_that_ran_out_may_have_been_given(start_stage: Stage, *, shows_run: bool) -> None:
    """If it was, the card shows the run, and isn't overwritten."""
    start_stage.people.groups["@leads"] = frozenset({"U0LEAD", "U0OTHER"})
    start_stage.current_policy.replace(Policy((Rule("production", Approve("@leads", 1800)),)))
    await start_stage.accept()
    await start_stage.advance()
    await start_stage.post()
    assert await start_stage.state() is RequestState.PENDING
    hash_key = start_stage.scripts.key("req", "r1")
    pending_us = int(await start_stage.redis.hget(hash_key, "pending_us") or 0)
    await start_stage.redis.hset(hash_key, "pending_us", str(pending_us - 20 * TWO_MINUTES_US))
    await absence(start_stage)
    if shows_run:
        await show_run(start_stage, 102, "r1")
    await start_stage.advance("approvals")
    assert await start_stage.state() is (RequestState.SETTLED if shows_run else RequestState.REFUSED)
    assert sent(start_stage) == []
    assert len(start_stage.cards(CHANNEL)) == 1


@pytest.mark.parametrize("shows_run", [True, False])
async def test_a_start_from_before_an_absence_is_not_sent_although_it_is_not_late(
    start_stage: Stage, *, shows_run: bool
) -> None:
    """With a long deadline, the backup may date from after the start's card was posted but before its run began."""
    start_stage.deadline_s = 600
    await carded(start_stage)
    await absence(start_stage)
    if shows_run:
        await show_run(start_stage, 102, "r1")
    await start_stage.advance()
    assert sent(start_stage) == []
    request = await start_stage.request()
    assert request.state is (RequestState.SETTLED if shows_run else RequestState.REFUSED)
    assert shows_run or request.why.startswith("I was away")


async def test_a_start_from_before_an_absence_gets_no_second_card(start_stage: Stage) -> None:
    """The backup is from before its card was recorded: the card is found, with the run that it shows."""
    await carded(start_stage)
    await show_run(start_stage, 102, "r1")
    hash_key, lane = start_stage.scripts.key("req", "r1"), start_stage.scripts.key("posts", "start")
    await start_stage.redis.hdel(hash_key, "card", "post")
    await start_stage.redis.hset(hash_key, "state", "looked")
    await start_stage.redis.zrem(start_stage.scripts.key("due", "requests"), "r1")
    await start_stage.redis.zadd(f"{lane}:{CHANNEL}", {"start/r1": 1})
    await start_stage.redis.zadd(lane, {CHANNEL: 1})
    await absence(start_stage)
    await start_stage.post()
    await start_stage.advance()
    assert sent(start_stage) == []
    assert (await start_stage.request()).run_id == 102
    assert len(start_stage.cards(CHANNEL)) == 1


async def test_what_is_asked_for_before_the_first_claim_is_from_after_the_absence(start_stage: Stage) -> None:
    """If a new process accepts a start before it first claims work, the start is sent, even after an absence."""
    seconds, _ = await start_stage.redis.time()
    before_us = str(int(seconds) * 1_000_000 - TWO_MINUTES_US)
    await start_stage.redis.hset(start_stage.scripts.key("pulse"), "at_us", before_us)
    await carded(start_stage)
    await start_stage.advance()
    assert sent(start_stage) == ["trigger"]
