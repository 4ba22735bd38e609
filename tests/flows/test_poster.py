"""The common part of all posts: something is posted even if Slack refuses its formatting."""

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
    """A fake Slack."""
    return FakeChat()


@pytest.fixture
def scripts(one_redis: Redis) -> Scripts:
    """An empty store."""
    return Scripts(one_redis, "test", retention_s=1000)


@pytest.fixture
def lane(scripts: Scripts) -> PostLane:
    """The lane of posts in that store."""
    return PostLane(scripts, FREE, lease_s=10, upload_lease_s=10)


@pytest.fixture
def poster(lane: PostLane, chat: FakeChat) -> MessagePoster:
    """The poster to that Slack."""
    return MessagePoster(chat, lane, settle_s=0)


async def claimed(scripts: Scripts, lane: PostLane) -> ClaimedPost:
    """A claimed post, even if it wasn't due yet."""
    await scripts.redis.zadd(scripts.key("posts", "line"), {"C1": 0})
    await scripts.redis.zadd(scripts.key("posts", "line", "C1"), {"thing/x": 0})
    taken = await lane.claim()
    assert taken.lease is not None
    return ClaimedPost(taken.lease, "line", "C1", "thing:x", "post")


@pytest.mark.parametrize(("refusals", "text"), [(0, "It broke."), (1, "It broke.\n1 of 2 failed"), (2, "It broke.")])
async def test_what_is_refused_is_posted_more_plainly(
    poster: MessagePoster, chat: FakeChat, refusals: int, text: str
) -> None:
    """A refused message is tried without blocks, then as its sentence alone, and is posted only once."""
    chat.faults.fail("post_message", *[REFUSED] * refusals)
    ts = await poster.post_with_fallback("C1", MESSAGE, "end:7", "1.5")
    (posted,) = chat.posted.values()
    assert (posted.ts, posted.key, posted.thread, posted.text) == (ts, "end:7", "1.5", text)
    assert bool(posted.message.blocks) is (refusals == 0)


async def test_a_refusal_of_everything_is_the_callers(poster: MessagePoster, chat: FakeChat) -> None:
    """If every form is refused, or another error occurs, the caller gets the error, and nothing is posted twice."""
    chat.faults.fail("post_message", REFUSED, REFUSED, REFUSED, SlackNotSent("chat.postMessage"))
    for error in (ContentRefused, SlackNotSent):
        with pytest.raises(error):
            await poster.post_with_fallback("C1", MESSAGE, "end:7", None)
    assert not chat.posted


async def test_an_unreachable_channel_is_not_tried_for_a_while(poster: MessagePoster) -> None:
    """The reason that Slack gave first is kept."""
    await poster.check_reachable("C1")
    await poster.mark_unreachable("C1", ChannelRefused("chat.postMessage", "is_archived"))
    await poster.mark_unreachable("C1", ChannelRefused("chat.postMessage", "not_in_channel"))
    with pytest.raises(ChannelRefused) as refused:
        await poster.check_reachable("C1")
    assert refused.value.code == "is_archived"
    await poster.check_reachable("C2")


async def test_a_message_whose_reply_was_lost_is_found(
    scripts: Scripts, lane: PostLane, poster: MessagePoster, chat: FakeChat
) -> None:
    """The found message isn't sent again, and doesn't count as sent now: it may show an older state."""
    chat.faults.lose("post_message")
    sent: list[str] = []
    for _ in range(2):
        ts = await poster.post_message_once(await claimed(scripts, lane), MESSAGE, "end:7", "1.5", sent=sent)
    (posted,) = chat.posted.values()
    assert (ts, posted.thread, sent) == (posted.ts, "1.5", [])


async def test_a_message_that_is_refused_in_every_form_is_replaced_by_another(
    scripts: Scripts, lane: PostLane, poster: MessagePoster, chat: FakeChat
) -> None:
    """If there's a simpler message to post instead, it's posted, and counts as sent."""
    chat.faults.fail("post_message", *[REFUSED] * 6)
    with pytest.raises(ContentRefused):
        await poster.post_message_once(await claimed(scripts, lane), MESSAGE, "end:7")
    await scripts.redis.delete(scripts.key("thing", "x"))
    sent: list[str] = []
    least = Message(("I can't show it.",))
    ts = await poster.post_message_once(await claimed(scripts, lane), MESSAGE, "end:7", least=least, sent=sent)
    (posted,) = chat.posted.values()
    assert (ts, posted.text, sent) == (posted.ts, "I can't show it.", [posted.ts])


async def test_only_the_message_on_record_stays(poster: MessagePoster, chat: FakeChat) -> None:
    """A message stays if recording it returned "ok" or its own ts; any other result is about another message."""
    ts = await poster.post_with_fallback("C1", MESSAGE, "end:7", None)
    for recorded in ("ok", f"done:{ts}"):
        await poster.remove_unless_recorded(CardRef("C1", ts), recorded)
        assert chat.posted
    await poster.remove_unless_recorded(CardRef("C1", ts), "done:1.0")
    assert not chat.posted


async def test_a_message_that_is_there_twice_is_removed(poster: MessagePoster, chat: FakeChat) -> None:
    """If deleting it fails, that's only logged, because the post itself is done."""
    ts = await poster.post_with_fallback("C1", MESSAGE, "end:7", None)
    chat.faults.fail("delete_message", SlackNotSent("chat.delete"))
    await poster.remove_duplicate(CardRef("C1", ts))
    assert chat.posted
    await poster.remove_duplicate(CardRef("C1", ts))
    assert not chat.posted


async def test_a_lost_reply_is_not_forgotten_while_the_channel_counts_as_unreachable(
    scripts: Scripts, lane: PostLane, poster: MessagePoster, chat: FakeChat
) -> None:
    """Another post has been refused since. Once the channel accepts posts again, the message is found, not resent."""
    found: list[str | None] = []

    async def post() -> None:
        claim = await claimed(scripts, lane)

        async def send() -> None:
            found.append(await poster.post_message_once(claim, MESSAGE, "end:7"))

        await poster.try_to_post(claim, send)

    chat.faults.lose("post_message")
    await post()
    await poster.mark_unreachable("C1", ChannelRefused("chat.postMessage", "not_in_channel"))
    await post()
    await lane.mark_reachable("C1")
    await post()
    (posted,) = chat.posted.values()
    assert found == [None, posted.ts]


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
