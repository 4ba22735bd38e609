"""Handling an outage through its message's buttons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.incident import Incident, OnIt
from bot.core.model.outage import Outage
from bot.core.text.message import Message
from bot.core.watching.handling import ON_IT_FOR
from bot.core.watching.snooze import SnoozeChoice
from bot.flows.handle_outage import OutageHandler, snooze_choice
from bot.flows.read_incident_retries import IncidentRetries
from tests.core.views.plain import said, shown
from tests.core.views.test_outage import incident, outage
from tests.core.watching.ends import T0
from tests.flows.fakes import NIGHTLY
from tests.flows.incident_stage import DISK_LOG, IncidentStage


def taken(number: int, user: str) -> Incident:
    """An incident that somebody has taken."""
    return replace(incident(number), on_it=OnIt(user, T0 + ON_IT_FOR))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1h:7", (7, SnoozeChoice.HOUR)),
        ("morning:12", (12, SnoozeChoice.MORNING)),
        ("forever:1", None),
        ("1h:", None),
        ("1h:x", None),
        ("", None),
        ("1h:" + "9" * 40, None),
    ],
)
def test_only_what_the_menu_offers_is_taken(value: str, expected: tuple[int, SnoozeChoice] | None) -> None:
    """Any other value is ignored."""
    assert snooze_choice(value) == expected


def test_what_nobody_is_on_is_left_to_take() -> None:
    """If nothing is left, the answer says who has taken it, unless it's the person who clicked."""
    free, adas, bobs = incident(1), taken(2, "U0ADA"), taken(3, "U0BOB")
    left = OutageHandler.left_to_take(outage(free, adas, bobs), "U0ADA")
    assert isinstance(left, Outage)
    assert left.members == (free,)
    answer = OutageHandler.left_to_take(outage(adas, bobs), "U0ADA")
    assert isinstance(answer, Message)
    assert said(answer.text).startswith("@U0ADA and 1 other have been handling all of these schedules since ")
    assert OutageHandler.left_to_take(outage(adas), "U0ADA") == outage(adas)


async def test_it_finds_what_fails(one_redis: Redis) -> None:
    """All schedules with a cause are listed, and once they have recovered, the answer says so."""
    stage = IncidentStage(one_redis)
    stage.bolt.active = [replace(NIGHTLY, id=n, slug=f"mart-{n}", name=f"Mart {n}") for n in range(8)]
    await stage.watch("*")
    for number in range(8):
        stage.run_through("FAILED", f"mart-{number}", DISK_LOG)
    await stage.discover()
    retries = IncidentRetries(stage.requests, stage.runs, workspace="w")
    handler = OutageHandler(stage.outages, retries, app_url="https://app.example", slash_command="/dbt")
    assert isinstance(await handler.find_failing("C1", 9), Message)
    outage = await handler.find_failing("C1", 1)
    assert isinstance(outage, Outage)
    assert len(outage.failing) == 3
    assert len([line for line in shown(handler.list_schedules(outage)) if line.startswith("• ")]) == 3
    for one in outage.failing:
        stage.run_through("SUCCESS", one.schedule)
    await stage.discover()
    over = await handler.find_failing("C1", 1)
    assert isinstance(over, Message)
    assert handler.partly_done(outage.members, ()) is None
    partly = handler.partly_done(outage.members[:1], outage.members[1:])
    assert partly is not None
    assert said(partly.text) == "Done for 1 schedule. You aren't allowed to do that for the other 2."
