"""Starts that wait for a run to end are sent in order, each once, and can be removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.errors import AlreadyRunning, ApiError, BoltNotSent, ChannelRefused
from bot.core.model.polling import Observed
from bot.core.model.request import RequestState
from bot.core.model.run import Observation, RunKey
from bot.core.policy.rules import Action, Allow, Deny, Policy, Rule
from bot.flows.lease import Lease
from bot.flows.start_queue import MOST_QUEUED
from bot.flows.start_while_running import MOST_ROUNDS
from tests.core.views.plain import said
from tests.flows.fakes import NIGHTLY
from tests.flows.stage import ADA, BOB, CHANNEL, Stage, asker

RUNNING = AlreadyRunning((ApiError("already running"),))


async def refused(stage: Stage, name: str = "r1", *, user: str = ADA) -> None:
    """A start that Bolt refuses because its schedule is already running."""
    if not stage.bolt.runs_of["nightly"]:
        await stage.start("first", user=BOB, channel="C0OTHER")
    stage.bolt.faults.fail("trigger", RUNNING)
    await stage.start(name, user=user)
    await stage.advance()
    assert await stage.state(name) is RequestState.CLOSED
    stage.bolt.sent.clear()


async def queued(stage: Stage, name: str = "q1", *, user: str = ADA, of: str = "r1") -> tuple[bool, str]:
    """Click the button that queues a start, and return the answer. If the start is queued, its card is posted."""
    waits, answer = await stage.queued.queue_start(asker(user), of, name, user.lower())
    if waits:
        await stage.post()
    return waits, said(answer.text)


async def end_of(stage: Stage, run_id: int) -> None:
    """The run it waits for has ended, and the bot has seen that."""
    stage.bolt.end_run(run_id, "SUCCESS")
    key = RunKey("w", run_id)
    token = int(await stage.redis.zscore(stage.scripts.key("due", "polls"), key.name) or 0)
    lease = Lease("polls", (key.name,), token, 0, 10)
    await stage.runs.store_observations(lease, token * 2, [Observed(key, Observation("SUCCESS"), 5)])


async def test_it_waits_on_a_card_and_is_sent_when_the_run_has_ended(start_stage: Stage) -> None:
    """A queued start isn't sent before the run has ended."""
    await refused(start_stage)
    waits, answer = await queued(start_stage)
    assert waits
    assert "run 101" in answer
    assert any("waiting" in card or "waits" in card for card in start_stage.cards())
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.QUEUED
    await end_of(start_stage, 101)
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.CARDED
    assert start_stage.bolt.sent == []
    await start_stage.advance()
    assert await start_stage.state("q1") is RequestState.SETTLED
    assert [method for method, _ in start_stage.bolt.sent] == ["trigger"]


async def test_a_second_click_is_not_a_second_start(start_stage: Stage) -> None:
    """A repeated delivery and identical words don't count; somebody else's click does."""
    await refused(start_stage)
    assert (await queued(start_stage))[0]
    assert (await queued(start_stage))[0]
    assert (await queued(start_stage, "q2"))[0] is False
    waiting = await start_stage.queue.queued_in(CHANNEL, most=9)
    assert waiting.total == 1
    await refused(start_stage, "r2", user=BOB)
    assert (await queued(start_stage, "q3", user=BOB, of="r2"))[0]


async def test_a_line_has_an_end(start_stage: Stage) -> None:
    """If the queue is full, nothing is queued, and the answer says so."""
    await refused(start_stage)
    for number in range(MOST_QUEUED):
        assert (await queued(start_stage, f"q{number}", user=f"U{number}"))[0]
    waits, answer = await queued(start_stage, "more", user="U9")
    assert not waits
    assert "Nothing was queued" in answer


async def test_what_nobody_remembers_is_not_queued(start_stage: Stage) -> None:
    """The button belongs to a refusal that is gone."""
    waits, answer = await queued(start_stage, of="unknown")
    assert not waits
    assert "othing was queued" in answer


async def test_whoever_waits_can_leave_until_the_turn_comes(start_stage: Stage) -> None:
    """The card shows that the start has left the queue; a second click, or one for an unknown start, gets an answer."""
    await refused(start_stage)
    await queued(start_stage)
    card = (await start_stage.request("q1")).card
    assert card is not None
    assert await start_stage.queued.drop_start(asker(), "q1", card.ts) is None
    assert await start_stage.state("q1") is RequestState.REFUSED
    again = await start_stage.queued.drop_start(asker(), "q1", card.ts)
    assert again is not None
    await end_of(start_stage, 101)
    await start_stage.advance()
    assert start_stage.bolt.sent == []
    unknown = await start_stage.queued.drop_start(asker(), "unknown", card.ts)
    assert unknown is not None


async def test_leaving_too_late_says_which_run_it_is(start_stage: Stage) -> None:
    """The run can be cancelled instead."""
    await refused(start_stage)
    await queued(start_stage)
    await end_of(start_stage, 101)
    await start_stage.advance("queue")
    await start_stage.advance()
    answer = await start_stage.queued.drop_start(asker(), "q1", "")
    assert answer is not None
    assert "run 102" in said(answer.text)


async def test_bolt_being_away_takes_no_turn(start_stage: Stage) -> None:
    """The start is still first in the queue afterward."""
    await refused(start_stage)
    await queued(start_stage)
    await end_of(start_stage, 101)
    start_stage.bolt.faults.always["schedules"] = BoltNotSent()
    start_stage.catalog.forget()
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.QUEUED
    start_stage.bolt.faults.always.clear()
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.CARDED


async def test_what_has_changed_while_it_waited_counts(start_stage: Stage) -> None:
    """If the requester may no longer start it, the reason is recorded, and nothing is sent."""
    await refused(start_stage)
    await queued(start_stage)
    await end_of(start_stage, 101)
    start_stage.policy = Policy(
        (Rule("frozen", Deny("it's a holiday"), what=frozenset({Action.START})), Rule("all", Allow()))
    )
    start_stage.__post_init__()
    await start_stage.advance("queue")
    assert "it's a holiday" in (await start_stage.request("q1")).why
    assert start_stage.bolt.sent == []


async def test_a_schedule_that_is_gone_ends_the_waiting(start_stage: Stage) -> None:
    """The start is refused, and nothing is sent."""
    await refused(start_stage)
    await queued(start_stage)
    await end_of(start_stage, 101)
    start_stage.bolt.active = [replace(NIGHTLY, slug="other", name="Other")]
    start_stage.catalog.forget()
    await start_stage.advance("queue")
    assert await start_stage.state("q1") is RequestState.REFUSED
    assert start_stage.bolt.sent == []


async def test_whoever_is_overtaken_waits_again_and_not_for_ever(start_stage: Stage) -> None:
    """If another run of the schedule is faster each time, the start waits again, but gives up in the end."""
    await refused(start_stage)
    await queued(start_stage)
    for round_ in range(MOST_ROUNDS + 1):
        await end_of(start_stage, 101 + round_)
        await start_stage.advance("queue")
        start_stage.bolt.add_run("nightly", "RUNNING")
        start_stage.bolt.faults.fail("trigger", RUNNING)
        await start_stage.advance()
        if round_ < MOST_ROUNDS:
            assert await start_stage.state("q1") is RequestState.QUEUED
    request = await start_stage.request("q1")
    assert request.state is RequestState.REFUSED
    assert str(MOST_ROUNDS + 1) in request.why


@pytest.mark.parametrize("code", ["is_archived", "not_in_channel"])
async def test_without_a_card_nothing_waits(start_stage: Stage, code: str) -> None:
    """Nobody would see a start that happens later."""
    await refused(start_stage)
    start_stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", code)
    start_stage.chat.faults.fail("join_channel", ChannelRefused("conversations.join", code))
    await queued(start_stage)
    assert await start_stage.state("q1") is RequestState.REFUSED
    assert "Nothing was queued" in (await start_stage.request("q1")).why
