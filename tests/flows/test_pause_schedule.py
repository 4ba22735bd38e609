"""Pausing and resuming: confirmed first, sent once, and the answer says what is true in Bolt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.command import PauseCommand
from bot.core.model.errors import ApiError, BoltDenied, BoltNotSent, BoltOutcomeUnknown, BoltRejected
from bot.core.views.buttons import PAUSE_YES
from bot.flows.find_schedule import ScheduleFinder
from bot.flows.pause_schedule import SchedulePauser
from bot.flows.schedule_catalog import ScheduleCatalog
from tests.core.views.plain import buttons, said
from tests.flows.fakes import NIGHTLY, FakeBolt
from tests.flows.stage import asker

PAUSE, RESUME = PauseCommand("nightly", pause=True), PauseCommand("nightly", pause=False)


class Stage:
    """A schedule that starts by itself."""

    def __init__(self) -> None:
        self.bolt = FakeBolt(replace(NIGHTLY, suspended=False), inactive=[replace(NIGHTLY, slug="old", name="Old")])
        self.catalog = ScheduleCatalog(self.bolt)
        self.pauser = SchedulePauser(self.bolt, self.catalog, ScheduleFinder(self.bolt, self.catalog))

    async def do(self, asked: PauseCommand = PAUSE) -> str:
        """Carry out the confirmed action; return the answer."""
        return said((await self.pauser.pause_or_resume(asker(), asked)).text)

    @property
    def paused(self) -> bool | None:
        """Whether the schedule is paused in Bolt."""
        return self.bolt.active[0].suspended


@pytest.fixture
def stage() -> Stage:
    """The flow with this schedule."""
    return Stage()


async def test_it_is_asked_first(stage: Stage) -> None:
    """Nothing is sent before somebody says yes."""
    question = await stage.pauser.ask_confirmation(PAUSE)
    assert buttons(question)[0].action == PAUSE_YES
    assert stage.bolt.sent == []


async def test_it_is_paused_and_resumed(stage: Stage) -> None:
    """The cached list is dropped, so the next one shows the change."""
    assert "is paused" in await stage.do()
    assert stage.paused is True
    (listed,) = await stage.catalog.all_schedules()
    assert listed.suspended is True
    assert "has been resumed" in await stage.do(RESUME)
    assert stage.paused is False


@pytest.mark.parametrize("sent", [True, False])
async def test_after_a_lost_reply_the_schedule_itself_is_asked(stage: Stage, *, sent: bool) -> None:
    """The request is sent once, and the answer gives the schedule's actual state in Bolt."""
    if sent:
        stage.bolt.faults.lose("suspend")
    else:
        stage.bolt.faults.fail("suspend", BoltOutcomeUnknown())
    answer = await stage.do()
    assert ("is paused" in answer) is sent
    assert ("still isn't paused" in answer) is not sent
    assert len(stage.bolt.sent) == 1


async def test_if_nobody_knows_it_says_so(stage: Stage) -> None:
    """Bolt doesn't say whether the schedule is paused."""
    stage.bolt.active = [replace(NIGHTLY, suspended=None)]
    stage.bolt.faults.fail("suspend", BoltOutcomeUnknown())
    assert "couldn't find out" in await stage.do()


@pytest.mark.parametrize("error", [BoltRejected((ApiError("Only the owner may do that."),)), BoltDenied()])
async def test_bolts_own_reason_is_told(stage: Stage, error: BoltRejected | BoltDenied) -> None:
    """The answer adds that nothing was changed."""
    stage.bolt.faults.fail("suspend", error)
    answer = await stage.do()
    assert error.sentence.rstrip(".") in answer
    assert "Nothing was changed" in answer


async def test_what_never_left_changed_nothing(stage: Stage) -> None:
    """If the request never left, the answer says that nothing was changed, without reading the schedule again."""
    stage.bolt.faults.fail("suspend", BoltNotSent())
    assert (await stage.do()).endswith("Nothing was changed.")
    assert stage.paused is False


@pytest.mark.parametrize(
    ("asked", "change", "words"),
    [
        (RESUME, {}, "has been resumed"),
        (PAUSE, {"suspended": True}, "is paused: it won't start"),
        (PAUSE, {"source": "YAML"}, "YAML"),
    ],
)
async def test_what_would_change_nothing_is_not_sent(
    stage: Stage, asked: PauseCommand, change: dict[str, object], words: str
) -> None:
    """When the button is clicked, the schedule is already paused or resumed, or only its file can change that."""
    stage.bolt.active = [replace(stage.bolt.active[0], **change)]  # type: ignore[arg-type]
    assert words in await stage.do(asked)
    assert stage.bolt.sent == []


async def test_an_inactive_schedule_does_not_start_anyway(stage: Stage) -> None:
    """Nothing is sent."""
    assert "inactive" in await stage.do(PauseCommand("old", pause=True))
    assert stage.bolt.sent == []


async def test_bolt_being_away_is_said(stage: Stage) -> None:
    """If Bolt can't be reached, the person is told so instead of being asked to confirm."""
    stage.bolt.faults.always["schedule"] = BoltNotSent()
    assert "Nothing was changed." in said((await stage.pauser.ask_confirmation(PAUSE)).text)
