"""Finding a schedule: an active one, else an inactive one; if there's none, similar names are offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.command import ShowCommand
from bot.core.model.errors import ApiError, BoltDenied, BoltError, BoltNotSent, BoltRejected
from bot.core.text.message import Message
from bot.flows.find_schedule import FoundSchedule, ScheduleFinder, unread
from bot.flows.schedule_catalog import ScheduleCatalog
from tests.core.views.plain import buttons, said
from tests.flows.fakes import HOURLY, NIGHTLY, FakeBolt

OLD = replace(NIGHTLY, id=3, name="Old build", slug="old")


def finder(bolt: FakeBolt) -> ScheduleFinder:
    """A finder for the schedules of this fake Bolt."""
    return ScheduleFinder(bolt, ScheduleCatalog(bolt))


async def test_an_active_schedule_is_found_without_asking_for_the_others() -> None:
    """An active schedule is found by its slug or its name, and inactive schedules aren't listed."""
    bolt = FakeBolt()
    for wanted in ("nightly", "nightly full BUILD"):
        assert await finder(bolt).find_any(wanted, ShowCommand) == FoundSchedule(NIGHTLY)
    assert all(asked == (False, None) for _, asked in bolt.reads)


async def test_an_inactive_schedule_is_found_too() -> None:
    """The result says that it's inactive, because it can only be looked at."""
    bolt = FakeBolt(NIGHTLY, HOURLY, inactive=[OLD])
    assert await finder(bolt).find_any("old", ShowCommand) == FoundSchedule(OLD, active=False)


async def test_a_mistyped_name_offers_the_same_command_of_others() -> None:
    """The button carries out the command for the schedule with a similar name."""
    answer = await finder(FakeBolt()).find_any("nigtly", ShowCommand)
    assert isinstance(answer, Message)
    assert [button.label for button in buttons(answer)] == ["Show nightly"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BoltNotSent(), "again in a minute"),
        (BoltDenied(), "runs this bot"),
        (BoltRejected((ApiError("No workspace"),)), "No workspace. "),
    ],
)
async def test_why_bolt_could_not_be_read(error: BoltError, words: str) -> None:
    """The advice depends on the cause."""
    bolt = FakeBolt()
    bolt.faults.always["schedules"] = error
    answer = await finder(bolt).find_any("nightly", ShowCommand)
    assert isinstance(answer, Message)
    assert said(answer.text) == unread(error)
    assert words in unread(error)
