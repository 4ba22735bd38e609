"""The run of a card, with the person who follows it there."""

from __future__ import annotations

from bot.core.model.card import Card
from bot.core.model.run import CardRef, RunKey
from bot.flows.run_of_card import run_of_card
from tests.flows.stage import ADA, BOB, CHANNEL, Stage

REF = CardRef(CHANNEL, "1.5")


async def test_whoever_follows_it_there_is_on_its_run(start_stage: Stage) -> None:
    """The same run has no follower on another card."""
    settled = await start_stage.start()
    assert settled.run_id is not None
    key = RunKey("w", settled.run_id)
    followed = await run_of_card(start_stage.runs, Card("c", "T", REF, key, follower=BOB))
    assert followed is not None
    assert (followed.facts.followed_by, followed.facts.asked_by) == (BOB, ADA)
    own = await run_of_card(start_stage.runs, Card("c", "T", REF, key))
    assert own is not None
    assert own.facts.followed_by is None


async def test_a_card_may_have_no_run(start_stage: Stage) -> None:
    """The card has no run yet, or its record is gone."""
    assert await run_of_card(start_stage.runs, None) is None
    assert await run_of_card(start_stage.runs, Card("c", "T", REF, request="r1")) is None
    assert await run_of_card(start_stage.runs, Card("c", "T", REF, RunKey("w", 9), follower=BOB)) is None
