"""Rate limits, with a clock that the tests set."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from bolt_sandbox.slack.limits import METHOD_TIERS, TIERS, RateLimits

from .conftest import Clock, Served


@pytest.mark.parametrize("method", ["chat.update", "conversations.list", "users.info"])
def test_a_tier_is_a_sliding_minute(clock: Clock, method: str) -> None:
    """A tier's limit holds in any 60 s, and Retry-After says when the next call is allowed."""
    rates = RateLimits(clock)
    limit = TIERS[METHOD_TIERS[method]]
    assert [rates.take(method) for _call in range(limit)] == [None] * limit
    assert rates.take(method) == 60
    clock.now += 59
    assert rates.take(method) == 1
    clock.now += 1
    assert rates.take(method) is None


def test_refused_calls_do_not_count(clock: Clock) -> None:
    """Calls over the limit don't make the wait longer."""
    rates = RateLimits(clock)
    for _call in range(80):
        rates.take("chat.update")
    clock.now += 60
    assert rates.take("chat.update") is None


def test_strict_posting(clock: Clock) -> None:
    """In strict mode, a channel takes one message a second, whatever other channels do."""
    rates = RateLimits(clock, strict=True)
    assert rates.take("chat.postMessage", "C1") is None
    clock.now += 0.9
    assert rates.take("chat.postMessage", "C1") == 1
    assert rates.take("chat.postMessage", "C2") is None
    clock.now += 0.1
    assert rates.take("chat.postMessage", "C1") is None


def test_a_small_burst_is_tolerated(clock: Clock) -> None:
    """Outside strict mode, a channel takes five messages at once, and no more."""
    rates = RateLimits(clock)
    assert [rates.take("chat.postMessage", "C1") is None for _call in range(6)] == [True] * 5 + [False]


def test_the_workspace_has_a_limit_too(clock: Clock) -> None:
    """All channels together take 300 messages a minute."""
    rates = RateLimits(clock)
    passed = sum(rates.take("chat.postMessage", f"C{n}") is None for n in range(400))
    assert passed == 300


def test_special_methods_have_none(clock: Clock) -> None:
    """Methods without a tier aren't limited."""
    rates = RateLimits(clock)
    assert all(rates.take("auth.test") is None for _call in range(1000))


async def test_over_the_limit(served: Served) -> None:
    """A post over the limit gets 429 with Retry-After and isn't posted."""
    await served.control("rates", enabled=True, strict=True)
    await served.client.chat_postMessage(channel="C0DATAENG", text="one")
    with pytest.raises(SlackApiError) as caught:
        await served.client.chat_postMessage(channel="C0DATAENG", text="two")
    reply = caught.value.response
    assert (reply.status_code, reply["error"], reply.headers["Retry-After"]) == (429, "ratelimited", "1")
    assert len(served.ws.channels["C0DATAENG"].messages) == 1


async def test_single_methods_can_be_limited_more_narrowly(served: Served) -> None:
    """A single method's limit can be lowered, for a test with few people."""
    await served.control("rates", enabled=True, limits={"users.info": 1})
    await served.client.users_info(user="U0ADA")
    with pytest.raises(SlackApiError) as caught:
        await served.client.users_info(user="U0ADA")
    assert caught.value.response.status_code == 429


async def test_a_crowd(served: Served) -> None:
    """A crowd of people and channels is added once, can be found by name, and is listed in pages."""
    counts = await served.control("crowd", people=1_500, channels=1_000)
    assert counts == {"people": 1_504, "channels": 1_003}
    assert served.ws.channel("crowd-7").members == [served.ws.bot.id, "U0CROWD000007", "U0CROWD001007"]
    assert served.ws.user("person-1500").id == "U0CROWD001500"
    await served.control("crowd", people=1_500, channels=1_000)
    assert len(served.ws.users) == 1_504
    page = await served.client.users_list(limit=999)
    rest = await served.client.users_list(limit=999, cursor=page["response_metadata"]["next_cursor"])
    assert (len(page["members"]), len(rest["members"])) == (999, 505)
