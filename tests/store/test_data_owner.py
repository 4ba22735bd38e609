"""The owner of the data in a Redis: the first bot with a name records itself, and another bot is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import StoreUnfit
from bot.store.data_owner import DataOwner, claim_data
from bot.store.scripts import Scripts

MINE = DataOwner("T1", "Acme", "B1", "A1", "analytics")


async def started(redis: Redis, one: DataOwner, *, name: str = "bolt", adopt: bool = False) -> DataOwner | None:
    """The other owner that a starting bot finds, or None."""
    return await claim_data(Scripts(redis, name, retention_s=60), name, one, adopt=adopt)


async def test_the_first_start_records_and_the_same_bot_passes(redis_client: Redis) -> None:
    """The same bot passes in HTTP mode too, where the app's id isn't known, and after the team was renamed."""
    for one in (MINE, MINE, replace(MINE, app=""), replace(MINE, team_name="Acme Ltd"), MINE):
        assert await started(redis_client, one) is None


async def test_of_two_that_start_at_once_one_is_refused(redis_client: Redis) -> None:
    """Either bot may be the one that is refused."""
    both = (started(redis_client, MINE), started(redis_client, replace(MINE, team="T2")))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert [type(one) for one in outcomes].count(StoreUnfit) == 1


@pytest.mark.parametrize(
    ("other", "theirs", "ours"),
    [
        (DataOwner("T2", "Beta", "B2", "A2", "analytics"), "the Slack team Acme (T1)", "the Slack team Beta (T2)"),
        (replace(MINE, bot="B2", app="A2"), "the Slack app A1", "the Slack app A2"),
        (replace(MINE, bot="B2", app=""), "the Slack app A1", "the Slack app of the bot B2"),
        (replace(MINE, workspace="ops"), "the Bolt workspace analytics", "the Bolt workspace ops"),
    ],
)
async def test_another_bot_is_refused_and_may_adopt(
    redis_client: Redis, other: DataOwner, theirs: str, ours: str
) -> None:
    """The refusal says what differs, and both ways out: another name, or adopting, which locks out the first bot."""
    await started(redis_client, MINE)
    with pytest.raises(StoreUnfit) as refused:
        await started(redis_client, other)
    assert f"which is for {theirs}; this bot is for {ours}." in refused.value.sentence
    assert "BOLT_BOT_NAME" in refused.value.sentence
    assert "BOLT_BOT_ADOPT=1" in refused.value.sentence
    assert await started(redis_client, other, name="other") is None
    assert await started(redis_client, other, adopt=True) == MINE
    assert await started(redis_client, other) is None
    with pytest.raises(StoreUnfit):
        await started(redis_client, MINE)


async def test_a_redis_from_before_the_record(redis_client: Redis) -> None:
    """If only an older version has used the database, the first bot to start now records itself as its owner."""
    await redis_client.set("{bolt:bolt}:actor:analytics", "API key")
    assert await started(redis_client, MINE) is None
    with pytest.raises(StoreUnfit):
        await started(redis_client, replace(MINE, workspace="ops"))
