"""A start whose reply was lost: the bot searches for its run, and never sends it again."""

from __future__ import annotations

from bot.core.model.errors import BoltNotSent, BoltOutcomeUnknown
from bot.core.model.request import RequestState
from tests.flows.fakes import OUR_ACTOR
from tests.flows.stage import ADA, Stage, carded, sent


async def test_a_lost_reply_is_looked_for_and_never_sent_again(start_stage: Stage) -> None:
    """The run is found in its schedule's list; meanwhile the requester was told not to ask again."""
    await start_stage.runs.learn_actor("w", OUR_ACTOR)
    await carded(start_stage)
    start_stage.bolt.faults.lose("trigger")
    await start_stage.advance()
    assert await start_stage.state() is RequestState.LOOKING
    assert len(start_stage.chat.told(ADA)) == 1
    await start_stage.advance()
    request = await start_stage.request()
    assert (request.state, request.run_id) == (RequestState.SETTLED, 101)
    assert sent(start_stage) == ["trigger"]


async def test_a_run_that_is_not_found_is_unclear_and_may_turn_up_later(start_stage: Stage) -> None:
    """The requester is told once, and the search goes on silently."""
    start_stage.look_for_s = 0
    start_stage.__post_init__()
    await start_stage.runs.learn_actor("w", OUR_ACTOR)
    await carded(start_stage)
    start_stage.bolt.faults.fail("trigger", BoltOutcomeUnknown())
    for _ in range(3):
        await start_stage.advance()
    assert await start_stage.state() is RequestState.UNCLEAR
    assert len(start_stage.chat.told(ADA)) == 2
    start_stage.bolt.add_run("nightly", "RUNNING", actor=OUR_ACTOR)
    await start_stage.advance()
    assert await start_stage.state() is RequestState.SETTLED
    assert sent(start_stage) == ["trigger"]


async def test_a_run_of_somebody_else_is_not_taken_for_it(start_stage: Stage) -> None:
    """The other run was started by another actor, or on another branch."""
    await start_stage.runs.learn_actor("w", OUR_ACTOR)
    await carded(start_stage)
    start_stage.bolt.faults.fail("trigger", BoltOutcomeUnknown())
    await start_stage.advance()
    start_stage.bolt.add_run("nightly", "RUNNING", actor="Bolt scheduler")
    start_stage.bolt.add_run("nightly", "RUNNING", actor=OUR_ACTOR, branch="other")
    await start_stage.advance()
    assert await start_stage.state() is RequestState.LOOKING


async def test_of_two_runs_that_may_be_it_none_is_taken(start_stage: Stage) -> None:
    """The request keeps both as candidates."""
    await start_stage.runs.learn_actor("w", OUR_ACTOR)
    await carded(start_stage)
    start_stage.bolt.faults.fail("trigger", BoltOutcomeUnknown())
    await start_stage.advance()
    for _ in range(2):
        start_stage.bolt.add_run("nightly", "RUNNING", actor=OUR_ACTOR)
    await start_stage.advance()
    request = await start_stage.request()
    assert (request.state, set(request.candidates)) == (RequestState.UNCLEAR, {101, 102})


async def test_not_being_able_to_look_is_no_finding(start_stage: Stage) -> None:
    """If Bolt is away, the search goes on later."""
    await carded(start_stage)
    start_stage.bolt.faults.lose("trigger")
    await start_stage.advance()
    start_stage.bolt.faults.always["runs"] = BoltNotSent()
    await start_stage.advance()
    assert await start_stage.state() is RequestState.LOOKING
