"""Calls are limited so that Slack doesn't answer 429; if it does, every replica waits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bolt_sandbox.slack.limits import METHOD_TIERS, TIERS
from bot.core.model.errors import SlackThrottled
from bot.slack.call_limits import LIMITS, CallPace
from bot.slack.client import SlackChat
from bot.store.scripts import Scripts
from bot.store.slack_call_budget import SlackCallBudget


@pytest.fixture
async def replicas(sandbox: Sandbox, redis_client: Redis) -> AsyncIterator[tuple[SlackChat, SlackChat]]:
    """Two replicas on one Redis."""
    made = []
    for _ in range(2):
        chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text)
        chat.pace = CallPace(SlackCallBudget(Scripts(redis_client, "test", retention_s=1000)))
        made.append(chat)
    sandbox.workspace.rates.enabled = True
    yield made[0], made[1]
    for chat in made:
        await chat.close()


async def taken(chat: SlackChat, *, spare: bool = False) -> bool:
    """Whether a call was made."""
    try:
        await chat.call("users.info", user="U0ADA", spare=spare)
    except SlackThrottled:
        return False
    return True


def test_every_limit_is_below_slack_s() -> None:
    """Every limit is at least ten percent below the limit of the method's tier in Slack."""
    for method, most in LIMITS.items():
        assert most <= 0.9 * TIERS[METHOD_TIERS[method]]


async def test_replicas_share_the_limit(replicas: tuple[SlackChat, SlackChat], sandbox: Sandbox) -> None:
    """Replicas share a limit and never get a 429, and optional calls may use only half of it."""
    one, other = replicas
    most = LIMITS["users.info"]
    assert sum([await taken(one, spare=True) for _ in range(most)]) == most // 2
    assert sum([await taken(other) for _ in range(most)]) == most - most // 2
    assert not any(call.outcome.startswith("ratelimited") for call in sandbox.workspace.calls)
    with pytest.raises(SlackThrottled) as throttled:
        await one.call("users.info", user="U0ADA")
    assert 50 < throttled.value.retry_after_s <= 61


async def test_a_retry_after_binds_every_replica(replicas: tuple[SlackChat, SlackChat], sandbox: Sandbox) -> None:
    """A Retry-After makes every replica wait with that method, and with no other."""
    one, other = replicas
    sandbox.workspace.faults.add(Fault("ratelimited", "users.info", retry_after_s=30))
    assert not await taken(one)
    assert not await taken(other)
    await other.call("conversations.info", channel="C0DATAENG")
    assert sum(call.what == "users.info" for call in sandbox.workspace.calls) == 1
