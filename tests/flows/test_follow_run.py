"""A follow request whose records are gone is dropped, so that the run can be asked for again.

`bot.flows.read_followed_run` is tested here and in test_usual_duration.py.
"""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.asker import Asker
from bot.core.model.bolt import RunStatus
from bot.core.model.run import RunFacts, RunKey
from bot.core.text.message import Message
from bot.flows.claimed_post import ClaimedPost
from bot.flows.follow_run import FollowRequestHandler
from bot.flows.links import Links
from bot.flows.post_cards import FollowedRunCards
from bot.flows.private_replies import PrivateReplies
from bot.flows.read_followed_run import FollowedRunReader
from bot.flows.run_listings import RunListings
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.store.due_sets import DueSet
from bot.store.lanes import PostLane, SlackBudget
from bot.store.run_followers import RunFollowers
from bot.store.runs import Runs
from bot.store.scripts import Scripts

RUN = RunKey("w", 9)
ADA = Asker("T", "U1", "A", "https://hooks.test/r")


class Bolt:
    """Every run is active."""

    async def status(self, run_id: int) -> RunStatus:
        """The run is running."""
        del run_id
        return RunStatus("RUNNING")


class Chat:
    """Records the private replies."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def respond(self, _url: str, message: Message, **_: object) -> None:
        """Keep the reply."""
        self.told.append("".join(str(getattr(span, "text", span)) for span in message.text))


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


def flow(scripts: Scripts, chat: Chat) -> FollowRequestHandler:
    """The flow, over a real store."""
    bolt = Bolt()
    runs = Runs(scripts)
    catalog, listings = ScheduleCatalog(bolt), RunListings(bolt)  # type: ignore[arg-type]
    return FollowRequestHandler(
        RunFollowers(scripts),
        runs,
        DueSet(scripts, "watches", lease_s=10),
        PrivateReplies(chat),  # type: ignore[arg-type]
        FollowedRunReader(bolt, runs, catalog, listings, mask=lambda text: text),  # type: ignore[arg-type]
        Links("https://bolt.test", lambda _card: None),
        follow_requested=lambda: None,
    )


async def advance(scripts: Scripts, adopt: FollowRequestHandler) -> None:
    """Take one step with the follow request that is due."""
    claimed = await DueSet(scripts, "watches", lease_s=10).claim(1)
    assert claimed.lease is not None
    await adopt.advance_follow_request(claimed.lease)


async def test_a_run_that_is_gone_when_its_card_is_due(scripts: Scripts) -> None:
    """The requester is told, and can ask again."""
    chat, followers = Chat(), RunFollowers(scripts)
    adopt = flow(scripts, chat)
    posts = PostLane(scripts, SlackBudget(post_gap_s=0, channel_gap_s=0), lease_s=10, upload_lease_s=10)
    cards = FollowedRunCards(
        None,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        posts,
        Runs(scripts),
        followers,
        PrivateReplies(chat),  # type: ignore[arg-type]
        app_url="https://bolt.test",
    )
    await adopt.request_follow(ADA, RUN, RunFacts())
    await advance(scripts, adopt)
    await scripts.redis.delete(scripts.key("run", RUN.name))
    taken = await posts.claim()
    assert taken.lease is not None
    name = f"A/{RUN.name}"
    await cards.post_followed_card(
        ClaimedPost(taken.lease, taken.urgency, taken.channel, f"watch:{name}", "post"), name
    )
    await advance(scripts, adopt)
    assert chat.told == ["I no longer have a record of this run, so I'm not following it here. Click again. Run 9"]
    assert (await followers.add_follow_request(ADA, RUN, RunFacts()))[0] == "new"


async def test_a_follow_request_expires(scripts: Scripts) -> None:
    """A follow request expires, whatever happens to its post, and an expired one is dropped from the due set."""
    adopt = flow(scripts, Chat())
    await adopt.request_follow(ADA, RUN, RunFacts())
    record = scripts.key("watch", "A", RUN.name)
    assert 0 < await scripts.redis.ttl(record) <= 86_400
    await scripts.redis.delete(record)
    await advance(scripts, adopt)
    assert await scripts.redis.zcard(scripts.key("due", "watches")) == 0
