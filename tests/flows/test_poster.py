"""What all posts share: something is posted even if Slack refuses how it looks."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import ChannelRefused, ContentRefused, CredentialRefused, SlackNotSent, SlackRefused
from bot.core.model.run import CardRef
from bot.core.text.message import Facts, Message, Paragraph
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.poster import MessagePoster
from bot.store.lanes import PostLane
from bot.store.scripts import Scripts
from tests.flows.fakes import FakeChat
from tests.flows.stage import FREE

MESSAGE = Message(("It broke.",), (Paragraph(("It broke.",)), Facts(("1 of 2 failed",))))
REFUSED = ContentRefused("chat.postMessage", "invalid_blocks")


@pytest.fixture
def chat() -> FakeChat:
    """A Slack."""
    return FakeChat()


@pytest.fixture
def poster(one_redis: Redis, chat: FakeChat) -> MessagePoster:
    """What posts in it."""
    lane = PostLane(Scripts(one_redis, "test", retention_s=1000), FREE, lease_s=10, upload_lease_s=10)
    return MessagePoster(chat, lane)


@pytest.mark.parametrize(("refusals", "text"), [(0, "It broke."), (1, "It broke.\n1 of 2 failed"), (2, "It broke.")])
async def test_what_is_refused_is_posted_more_plainly(
    poster: MessagePoster, chat: FakeChat, refusals: int, text: str
) -> None:
    """Without blocks, and at last its sentence alone: once."""
    chat.faults.fail("post_message", *[REFUSED] * refusals)
    ts = await poster.post_with_fallback("C1", MESSAGE, "end:7", "1.5")
    (posted,) = chat.posted.values()
    assert (posted.ts, posted.key, posted.thread, posted.text) == (ts, "end:7", "1.5", text)
    assert bool(posted.message.blocks) is (refusals == 0)


async def test_a_refusal_of_everything_is_the_callers(poster: MessagePoster, chat: FakeChat) -> None:
    """So is any other fault: nothing is posted twice."""
    chat.faults.fail("post_message", REFUSED, REFUSED, REFUSED, SlackNotSent("chat.postMessage"))
    for error in (ContentRefused, SlackNotSent):
        with pytest.raises(error):
            await poster.post_with_fallback("C1", MESSAGE, "end:7", None)
    assert not chat.posted


async def test_an_unreachable_channel_is_not_tried_for_a_while(poster: MessagePoster) -> None:
    """With the reason that Slack gave first."""
    await poster.check_reachable("C1")
    await poster.mark_unreachable("C1", ChannelRefused("chat.postMessage", "is_archived"))
    await poster.mark_unreachable("C1", ChannelRefused("chat.postMessage", "not_in_channel"))
    with pytest.raises(ChannelRefused) as refused:
        await poster.check_reachable("C1")
    assert refused.value.code == "is_archived"
    await poster.check_reachable("C2")


async def test_a_message_that_is_there_twice_is_removed(poster: MessagePoster, chat: FakeChat) -> None:
    """If that fails it's logged: the post itself is done."""
    ts = await poster.post_with_fallback("C1", MESSAGE, "end:7", None)
    chat.faults.fail("delete_message", SlackNotSent("chat.delete"))
    await poster.remove_duplicate(CardRef("C1", ts))
    assert chat.posted
    await poster.remove_duplicate(CardRef("C1", ts))
    assert not chat.posted


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (SlackRefused("chat.postMessage", "msg_too_long"), "msg_too_long"),
        (CredentialRefused("chat.postMessage", "invalid_auth"), None),
        (ChannelRefused("chat.postMessage", "is_archived"), None),
    ],
)
async def test_only_a_refusal_of_the_post_itself_gives_it_up(
    poster: MessagePoster, refused: SlackRefused, code: str | None
) -> None:
    """A refused token and a refused channel may be accepted again; a channel isn't tried again for a while."""

    async def send() -> None:
        raise refused

    post = ClaimedPost(Lease("posts", ("item",), 0, 0, 0), "line", "C1", "record", "post")
    assert await poster.try_to_post(post, send) == code
    if isinstance(refused, ChannelRefused):
        with pytest.raises(ChannelRefused):
            await poster.check_reachable("C1")
    else:
        await poster.check_reachable("C1")
