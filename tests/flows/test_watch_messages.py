"""Watches' messages are edited to show the newest state of their subject."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.core.model.card import Card
from bot.core.model.run import CardRef
from bot.flows.watch_messages import WatchMessages
from tests.flows.incident_stage import IncidentStage


async def test_an_incident_and_an_outage_are_rendered_each_in_its_way(one_redis: Redis) -> None:
    """If a record now refers to another message, the old message isn't rendered."""
    stage = IncidentStage(one_redis)
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    messages = WatchMessages(stage.poster, stage.outage_poster, stage.gap_poster, stage.notice_poster)
    ts = (await stage.stored()).ts
    card = Card(f"T:C1:{ts}", "T", CardRef("C1", ts), incident="C1:nightly")
    rendered = await messages.render(card)
    assert rendered is not None
    assert await messages.render(replace(card, ref=CardRef("C1", "1.1"))) is None
    assert await messages.render(replace(card, incident=None, outage="C1:7")) is None
