"""A refused start: its card is deleted, and the person is told why, no matter how many attempts that takes."""

from __future__ import annotations

from bot.core.model.command import RunCommand
from bot.core.model.errors import BoltDenied, MessageGone, SlackNotSent
from bot.core.model.request import RequestState
from tests.flows.stage import ADA, Stage, carded


async def test_a_card_that_cannot_be_removed_says_that_nothing_was_started(start_stage: Stage) -> None:
    """The card must not go on saying that something is starting."""
    await carded(start_stage)
    start_stage.bolt.faults.fail("trigger", BoltDenied())
    await start_stage.advance()
    start_stage.chat.faults.fail("delete_message", MessageGone("chat.delete", "cant_delete_message"))
    await start_stage.advance()
    (card,) = start_stage.cards()
    assert "wasn't started" in card


async def test_a_refusal_waits_for_slack(start_stage: Stage) -> None:
    """The requester is told once Slack is back."""
    await start_stage.accept(start_command=RunCommand("nonsense"))
    await start_stage.advance()
    for way in ("respond", "post_ephemeral", "post_direct"):
        start_stage.chat.faults.fail(way, SlackNotSent(way))
    await start_stage.advance()
    assert await start_stage.state() is RequestState.REFUSED
    await start_stage.advance()
    assert await start_stage.state() is RequestState.CLOSED
    assert len(start_stage.chat.told(ADA)) == 1
