"""A start's card is posted once, in a channel that is joined if necessary; without a card nothing is sent to Bolt."""

from __future__ import annotations

import pytest

from bot.core.model.errors import (
    ChannelRefused,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
)
from bot.core.model.request import RequestState
from tests.flows.stage import ADA, CHANNEL, Stage

POST = "chat.postMessage"


async def looked(stage: Stage) -> None:
    """A start that waits for its card."""
    await stage.accept()
    await stage.advance()


async def test_a_card_is_posted_once(start_stage: Stage) -> None:
    """After that, no post is waiting."""
    await looked(start_stage)
    assert await start_stage.post() == "start"
    assert await start_stage.post() is None
    assert len(start_stage.cards()) == 1


async def test_a_public_channel_is_joined(start_stage: Stage) -> None:
    """The bot joins a public channel, and then posts the card there."""
    await looked(start_stage)
    start_stage.chat.refusing[CHANNEL] = ChannelRefused(POST, "not_in_channel")
    await start_stage.post()
    assert start_stage.chat.joined == [CHANNEL]
    assert await start_stage.state() is RequestState.CARDED


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (ChannelRefused(POST, "not_in_channel"), "/invite"),
        (ChannelRefused(POST, "is_archived"), "archived"),
        (ChannelRefused(POST, "restricted_action_read_only_channel"), "another channel"),
        (SlackRefused(POST, "fatal_error"), "fatal_error"),
    ],
)
async def test_a_start_that_cannot_be_shown_is_not_sent(start_stage: Stage, refused: SlackRefused, words: str) -> None:
    """The requester is told how to fix that."""
    await looked(start_stage)
    start_stage.chat.refusing[CHANNEL] = refused
    start_stage.chat.faults.fail("join_channel", refused)
    await start_stage.post()
    await start_stage.advance()
    assert await start_stage.state() is RequestState.CLOSED
    (told,) = start_stage.chat.told(ADA)
    assert words in told
    assert "Nothing was started" in told
    assert start_stage.bolt.sent == []


@pytest.mark.parametrize("error", [SlackNotSent(POST), SlackThrottled("other.method", 0.01)])
async def test_what_never_left_is_posted_again(start_stage: Stage, error: SlackNotSent | SlackThrottled) -> None:
    """The card is posted once."""
    await looked(start_stage)
    start_stage.chat.faults.fail("post_message", error)
    await start_stage.post()
    assert start_stage.cards() == []
    await start_stage.post()
    assert len(start_stage.cards()) == 1
    assert await start_stage.state() is RequestState.CARDED


async def test_a_lost_reply_is_looked_for(start_stage: Stage) -> None:
    """The card that was posted is found, and no second one is posted."""
    await looked(start_stage)
    start_stage.chat.faults.lose("post_message")
    await start_stage.post()
    await start_stage.post()
    assert len(start_stage.cards()) == 1
    assert await start_stage.state() is RequestState.CARDED


async def test_a_card_that_is_surely_absent_is_posted_again(start_stage: Stage) -> None:
    """The card is searched for twice before it's posted again."""
    await looked(start_stage)
    start_stage.chat.faults.fail("post_message", SlackOutcomeUnknown(POST))
    for _ in range(3):
        await start_stage.post()
    assert len(start_stage.cards()) == 1
    assert await start_stage.state() is RequestState.CARDED


async def test_where_the_channel_cannot_be_read_nothing_is_posted_twice(start_stage: Stage) -> None:
    """Refusing the start is better than posting two cards, because the person can ask again."""
    await looked(start_stage)
    start_stage.chat.unreadable = True
    start_stage.chat.faults.lose("post_message")
    await start_stage.post()
    await start_stage.post()
    assert await start_stage.state() is RequestState.REFUSED
    assert len(start_stage.cards()) == 1
    assert start_stage.bolt.sent == []


async def test_a_start_that_came_too_late_has_no_card(start_stage: Stage) -> None:
    """A card whose reply was lost is found, so that the refusal can delete it."""
    await looked(start_stage)
    start_stage.chat.faults.lose("post_message")
    await start_stage.post()
    start_stage.deadline_s = 0
    start_stage.__post_init__()
    await start_stage.post()
    await start_stage.advance()
    await start_stage.advance()
    assert await start_stage.state() is RequestState.CLOSED
    assert start_stage.cards() == []
    assert start_stage.bolt.sent == []


async def test_a_start_that_is_over_needs_no_card(start_stage: Stage) -> None:
    """The card's post is dropped, because the request is gone."""
    await looked(start_stage)
    await start_stage.redis.delete(start_stage.scripts.key("req", "r1"))
    await start_stage.post()
    assert start_stage.cards() == []
    assert await start_stage.post() is None
