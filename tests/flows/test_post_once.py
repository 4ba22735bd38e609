"""A message is posted once, whatever happens to the replies: Redis is real, and Slack's answers are scripted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import SlackNotSent, SlackOutcomeUnknown, SlackThrottled
from bot.core.model.polling import Observed
from bot.core.model.run import End, Observation, RunKey
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.post_once import Unresolved, post_once
from bot.store.due_sets import DueSet
from bot.store.lanes import PostLane, SlackBudget
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import follow_run

Lane = tuple[PostLane, Scripts]


@dataclass
class Slack:
    """Slack's scripted responses to the next posts and searches."""

    outcomes: list[str | Exception] = field(default_factory=list)
    found: list[MessageFound | MessageAbsent | SearchInconclusive] = field(default_factory=list)
    sent: int = 0

    async def send(self) -> str:
        """Post a message."""
        self.sent += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def find_message(self, since: float) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Look for an earlier attempt."""
        assert since > 0
        return self.found.pop(0)


@pytest.fixture
async def lane(redis_client: Redis) -> Lane:
    """A lane with the announcement of one failed run."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await follow_run(scripts, 1)
    runs, key = Runs(scripts), RunKey("w", 1)
    token = int(await redis_client.zscore(scripts.key("due", "polls"), key.name) or 0)
    lease = Lease("polls", (key.name,), token, 0, 10)
    await runs.store_observations(lease, token * 2, [Observed(key, Observation("FAILED"), 5)])
    ends = await DueSet(scripts, "ends", lease_s=10).claim(1)
    run = await runs.load_run(key)
    assert run is not None
    assert ends.lease is not None
    await runs.conclude(ends.lease, run, End())
    posts = PostLane(scripts, SlackBudget(post_gap_s=0, channel_gap_s=0), lease_s=10, upload_lease_s=60)
    return posts, scripts


async def claim(posts: PostLane, scripts: Scripts) -> ClaimedPost:
    """Claim the announcement, even if it isn't due yet."""
    await scripts.redis.zadd(scripts.key("posts", "fail"), {"A": 0})
    await scripts.redis.zadd(scripts.key("posts", "fail", "A"), {"end/T:A:1.5": 0})
    taken = await posts.claim()
    assert taken.lease is not None
    return ClaimedPost(taken.lease, taken.urgency, taken.channel, "card:T:A:1.5", "end")


async def attempt(
    posts: PostLane, post: ClaimedPost, slack: Slack, *, twice_is_better: bool = True, settle_s: float = 0
) -> str | None:
    """Post once."""
    return await post_once(
        posts, post, send=slack.send, find=slack.find_message, settle_s=settle_s, twice_is_better=twice_is_better
    )


async def test_a_post_that_slack_accepts_is_there(lane: Lane) -> None:
    """Usually, one call posts the message and returns its ts."""
    posts, scripts = lane
    slack = Slack(["9.9"])
    assert await attempt(posts, await claim(posts, scripts), slack) == "9.9"


@pytest.mark.parametrize("error", [SlackNotSent("chat.postMessage"), SlackThrottled("chat.postMessage", 0.001)])
async def test_a_post_that_never_left_is_sent_again(lane: Lane, error: Exception) -> None:
    """A post that was never sent can't be in the channel, so it isn't searched for."""
    posts, scripts = lane
    slack = Slack([error, "9.9"])
    assert await attempt(posts, await claim(posts, scripts), slack) is None
    await scripts.redis.delete(scripts.key("hold", "chat.postMessage"))
    assert await attempt(posts, await claim(posts, scripts), slack) == "9.9"


async def test_a_post_whose_reply_was_lost_is_found(lane: Lane) -> None:
    """A post whose reply was lost is searched for, and not sent again."""
    posts, scripts = lane
    slack = Slack([SlackOutcomeUnknown("chat.postMessage")], [MessageFound("9.9")])
    assert await attempt(posts, await claim(posts, scripts), slack) is None
    assert await attempt(posts, await claim(posts, scripts), slack) == "9.9"
    assert slack.sent == 1


async def test_a_post_is_sent_again_only_when_it_was_absent_twice(lane: Lane) -> None:
    """Slack may show a message a little late, so one look isn't enough."""
    posts, scripts = lane
    slack = Slack([SlackOutcomeUnknown("chat.postMessage"), "9.9"], [MessageAbsent(), MessageAbsent()])
    assert await attempt(posts, await claim(posts, scripts), slack) is None
    assert await attempt(posts, await claim(posts, scripts), slack) is None
    assert slack.sent == 1
    assert await attempt(posts, await claim(posts, scripts), slack) == "9.9"
    assert slack.sent == 2


async def test_where_the_channel_cannot_be_read_an_end_is_told_again_and_a_card_is_not(lane: Lane) -> None:
    """Posting an end twice is better than not posting it, but a second card for a start would be worse than none."""
    posts, scripts = lane
    slack = Slack([SlackOutcomeUnknown("chat.postMessage"), "9.9"], [SearchInconclusive(), SearchInconclusive()])
    assert await attempt(posts, await claim(posts, scripts), slack) is None
    with pytest.raises(Unresolved):
        await attempt(posts, await claim(posts, scripts), slack, twice_is_better=False)
    assert slack.sent == 1
    assert await attempt(posts, await claim(posts, scripts), slack) == "9.9"


async def test_a_crash_between_record_and_reply_is_a_lost_reply(lane: Lane) -> None:
    """The next process that claims the post sees the recorded attempt, and searches for the message."""
    posts, scripts = lane
    assert (await posts.attempt(await claim(posts, scripts))).word == "go"
    slack = Slack([], [MessageFound("9.9")])
    assert await attempt(posts, await claim(posts, scripts), slack) == "9.9"
    assert slack.sent == 0


async def test_an_attempt_is_not_looked_for_before_its_time_out_has_passed(lane: Lane) -> None:
    """Until then its outcome may still change, so nothing is searched for or sent."""
    posts, scripts = lane
    assert (await posts.attempt(await claim(posts, scripts))).word == "go"
    slack = Slack([], [])
    assert await attempt(posts, await claim(posts, scripts), slack, settle_s=30) is None
    assert slack.sent == 0


async def test_another_methods_wait_is_that_posts_own(lane: Lane) -> None:
    """A throttled upload doesn't hold up any other post."""
    posts, scripts = lane
    slack = Slack([SlackThrottled("files.getUploadURLExternal", 30)])
    assert await attempt(posts, await claim(posts, scripts), slack) is None
    assert not await scripts.redis.exists(scripts.key("hold", "chat.postMessage"))


async def test_nothing_is_sent_on_a_lease_that_is_over(lane: Lane) -> None:
    """Another process may already be sending the post."""
    posts, scripts = lane
    post = await claim(posts, scripts)
    post.lease.until = 0
    slack = Slack(["9.9"])
    assert await attempt(posts, post, slack) is None
    assert slack.sent == 0
