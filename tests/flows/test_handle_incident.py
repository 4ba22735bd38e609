"""Clicks on an incident: its message shows the change, and the person gets an answer only if nothing changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.model.command import RetryCommand, canonical
from bot.core.model.incident import (
    Incident,
    IncidentState,
    OnIt,
    PostKind,
    RetryAsked,
    RetryOfIncident,
    Snooze,
    StoredIncident,
)
from bot.core.model.person import Person
from bot.core.model.run import CardRef, Observation, RunFacts, RunKey
from bot.core.text.message import Message
from bot.core.views.buttons import (
    IncidentButton,
    read_command_value,
    read_incident_value,
    read_runs_value,
    snooze_value,
)
from bot.core.watching.handling import ON_IT_FOR
from bot.core.watching.snooze import SnoozeChoice
from bot.flows.handle_incident import BUSY, NOBODY_ON_IT, NOT_SNOOZED, TRIES, IncidentHandler
from bot.flows.quiet_hours import QuietHours
from bot.flows.read_incident_retries import IncidentRetries
from bot.store.watches import Watches
from tests.core.views.plain import buttons, said
from tests.core.views.test_incident import failing, recovered
from tests.flows.fakes import FakeIncidents, FakePeople
from tests.flows.stage import ADA, APP, BOB, CHANNEL, Stage, asker

NIGHT_OWL = Person(ADA, time_zone="Asia/Tokyo")


@dataclass
class Handling:
    """The flow, and the incidents that it changes."""

    incidents: FakeIncidents
    people: FakePeople
    flow: IncidentHandler
    stage: Stage

    @property
    def nightly(self) -> Incident:
        """The incident as it is now."""
        return self.incidents.of("nightly")


def handling(stage: Stage, *incidents: Incident) -> Handling:
    """The flow with these incidents."""
    fake, people = FakeIncidents(*incidents), FakePeople()
    quiet = QuietHours(Watches(stage.scripts), now=lambda: datetime.now(UTC))
    retries = IncidentRetries(stage.requests, stage.runs, workspace="w")
    flow = IncidentHandler(
        fake, stage.runs, people, stage.audit, quiet, retries, workspace="w", app_url=APP, slash_command="/bolt"
    )
    return Handling(fake, people, flow, stage)


def words(answer: object) -> str:
    """An answer as a person reads it."""
    assert isinstance(answer, Message)
    return said(answer.text)


async def test_somebody_takes_it_on_and_another_takes_over(start_stage: Stage) -> None:
    """The names of both people are kept, and the message is edited at once."""
    of = handling(start_stage, failing())
    assert await of.flow.take_on(asker(), "ada", "nightly", over=False) is None
    taken = of.nightly.on_it
    assert taken is not None
    assert (taken.user, taken.name) == (ADA, "ada")
    assert abs(taken.until - datetime.now(UTC) - ON_IT_FOR) < timedelta(minutes=1)
    assert await of.flow.take_on(asker(BOB), "bob", "nightly", over=True) is None
    assert of.nightly.on_it is not None
    assert of.nightly.on_it.name == "bob"
    assert of.incidents.edits == ["now", "now"]


async def test_a_click_on_a_message_that_still_looks_free_takes_over_from_nobody(start_stage: Stage) -> None:
    """The person who clicked first stays on it; the other can still take over."""
    of = handling(start_stage, failing(on_it=OnIt(ADA, datetime.now(UTC) + ON_IT_FOR, "ada")))
    answer = await of.flow.take_on(asker(BOB), "bob", "nightly", over=False)
    assert isinstance(answer, Message)
    assert words(answer).startswith("@U0ADA has been on it since ")
    (take_over,) = buttons(answer)
    assert read_incident_value(take_over.value) == IncidentButton("nightly", 4713)
    assert of.incidents.edits == []
    assert await of.flow.take_on(asker(), "ada", "nightly", over=False) is None
    assert of.nightly.on_it is not None
    assert of.nightly.on_it.user == ADA


async def test_letting_go_undoes_it_once(start_stage: Stage) -> None:
    """Anybody can undo *I'm on it*, and a second click says that nobody is on it."""
    of = handling(start_stage, failing(on_it=OnIt(ADA, datetime.now(UTC), "ada")))
    assert await of.flow.let_go(asker(BOB), "nightly") is None
    assert of.nightly.on_it is None
    assert words(await of.flow.let_go(asker(BOB), "nightly")) == NOBODY_ON_IT


async def test_a_snooze_until_the_morning_is_the_clickers_morning(start_stage: Stage) -> None:
    """The snooze ends at nine o'clock in the profile's time zone, or in UTC if that isn't known."""
    of = handling(start_stage, failing())
    for zone in ("Asia/Tokyo", "", "Mars/Olympus", "../etc/passwd"):
        of.people.people[ADA] = replace(NIGHT_OWL, time_zone=zone)
        assert await of.flow.snooze(asker(), "ada", "nightly", SnoozeChoice.MORNING) is None
        snooze = of.nightly.snooze
        assert snooze is not None
        assert snooze.until is not None
        assert (snooze.by, snooze.name) == (ADA, "ada")
        known = ZoneInfo(zone if zone == "Asia/Tokyo" else "UTC")
        assert snooze.until.astimezone(known).strftime("%H:%M") == "09:00"


async def test_a_snooze_ends_with_one_post_if_it_still_fails(start_stage: Stage) -> None:
    """A second click, on a message that hasn't been edited yet, changes nothing."""
    of = handling(start_stage, failing())
    assert await of.flow.snooze(asker(), "ada", "nightly", SnoozeChoice.RECOVERY) is None
    assert of.nightly.snooze == Snooze(ADA, None, "ada")
    assert await of.flow.end_snooze(asker(BOB), "nightly") is None
    assert of.nightly.snooze is None
    assert of.nightly.posts[-1].kind is PostKind.STILL_FAILING
    assert words(await of.flow.end_snooze(asker(BOB), "nightly")) == NOT_SNOOZED


async def test_a_chosen_option_finds_its_incident(start_stage: Stage) -> None:
    """Only the channel's open incidents count."""
    of = handling(start_stage, failing(), failing(schedule="hourly"), failing(channel="C2", schedule="other"))
    found = await of.flow.find_chosen(CHANNEL, snooze_value("hourly", "4h"))
    assert not isinstance(found, Message)
    assert (found[0].schedule, found[1]) == ("hourly", SnoozeChoice.FOUR_HOURS)
    for value in (snooze_value("other", "4h"), snooze_value("hourly", "forever"), "", "x"):
        assert "no longer open" in words(await of.flow.find_chosen(CHANNEL, value))


async def test_what_is_over_is_answered(start_stage: Stage) -> None:
    """The answer is one sentence, and nothing changes."""
    of = handling(start_stage, recovered())
    assert words(await of.flow.take_on(asker(), "ada", "nightly", over=False)) == (
        "Nightly full build has already recovered, so there's nothing left to do."
    )
    assert words(await of.flow.begin_retry(asker(), IncidentButton("nightly", 4713))).startswith(
        "Nightly full build has"
    )
    closed = handling(start_stage, failing(state=IncidentState.CLOSED, why="no longer watched here"))
    assert words(await closed.flow.let_go(asker(), "nightly")) == "This incident is closed: no longer watched here."
    gone = handling(start_stage)
    assert words(await gone.flow.end_snooze(asker(), "nightly")) == (
        "I no longer have a record of this incident. /bolt failing lists what is failing here."
    )
    assert isinstance(await gone.flow.find_open(CHANNEL, "nightly"), Message)


async def test_a_change_is_decided_again_if_somebody_was_faster(start_stage: Stage) -> None:
    """After a few tries, the person is asked to click again."""
    of = handling(start_stage, failing())
    of.incidents.contended = 2
    assert await of.flow.take_on(asker(), "ada", "nightly", over=False) is None
    assert of.nightly.on_it is not None
    of.incidents.contended = TRIES
    assert words(await of.flow.let_go(asker(), "nightly")) == BUSY
    assert of.nightly.on_it is not None


async def test_a_retry_is_of_the_newest_failed_run(start_stage: Stage) -> None:
    """The button of an older run asks first. If the incident's record is lost, the button still names its run."""
    of = handling(start_stage, failing())
    assert await of.flow.begin_retry(asker(), IncidentButton("nightly", 4713)) == 4713
    asks = await of.flow.begin_retry(asker(), IncidentButton("nightly", 4711))
    assert words(asks) == (
        "Run 4711 isn't the newest failed run anymore: run 4713 failed after it. Nothing has been started yet."
    )
    assert isinstance(asks, Message)
    (again,) = buttons(asks)
    assert read_command_value(again.value) == canonical(RetryCommand(every=False, run_id=4713))
    assert await handling(start_stage).flow.begin_retry(asker(), IncidentButton("nightly", 4711)) == 4711
    assert isinstance(await handling(start_stage).flow.begin_retry(asker(), IncidentButton("nightly")), Message)


@pytest.mark.parametrize(("by", "shown"), [(BOB, "@U0BOB"), ("bob@example.com", "bob"), ("", "")])
async def test_one_retry_at_a_time(start_stage: Stage, by: str, shown: str) -> None:
    """The second person is told who retried it."""
    of = handling(start_stage, failing(retry=RetryOfIncident(4714, "RUNNING", by)))
    answer = words(await of.flow.begin_retry(asker(), IncidentButton("nightly", 4713)))
    by_whom = f" by {shown}" if shown else ""
    assert answer == f"This schedule is already being retried{by_whom} as run 4714. Nothing was started."


async def test_two_clicks_at_once_are_one_retry(start_stage: Stage) -> None:
    """Another person's click starts nothing, even before Bolt shows the run, unless no run appears within a minute."""
    of, button = handling(start_stage, failing()), IncidentButton("nightly", 4713)
    of.incidents.contended = 1
    assert await of.flow.begin_retry(asker(), button) == 4713
    assert await of.flow.begin_retry(asker(), button) == 4713
    assert "@U0ADA already asked for a retry at " in words(await of.flow.begin_retry(asker(BOB), button))
    assert of.incidents.edits == ["none", "none"]
    long_ago = failing(retry_asked=RetryAsked(ADA, datetime.now(UTC) - timedelta(minutes=2)))
    of = handling(start_stage, long_ago)
    of.incidents.contended = TRIES
    assert words(await of.flow.begin_retry(asker(BOB), button)) == BUSY
    assert await of.flow.begin_retry(asker(BOB), button) == 4713


async def test_a_retry_that_is_over_by_its_own_record_can_be_repeated(start_stage: Stage) -> None:
    """The run's record shows the end before the end is accounted for."""
    of = handling(start_stage, failing(retry=RetryOfIncident(4714, "RUNNING", BOB)))
    assert await of.flow.run_to_cancel(CHANNEL, "nightly") == 4714
    key, card = RunKey("w", 4714), CardRef("C9", "1.0")
    await start_stage.runs.restore_run(key, RunFacts("nightly"), Observation("FAILED"), "T", card, over=True)
    assert await of.flow.begin_retry(asker(), IncidentButton("nightly", 4713)) == 4713
    assert "isn't being retried anymore" in words(await of.flow.run_to_cancel(CHANNEL, "nightly"))
    assert isinstance(await handling(start_stage).flow.run_to_cancel(CHANNEL, "nightly"), Message)


async def test_the_log_is_the_newest_failed_runs(start_stage: Stage) -> None:
    """In any state, the newest failed run's log is shown; without a record, the log of the run in the message."""
    of = handling(start_stage, recovered())
    assert await of.flow.failed_run(CHANNEL, IncidentButton("nightly", 4711)) == 4713
    assert await of.flow.failed_run(CHANNEL, IncidentButton("hourly", 4711)) == 4711


async def test_retrying_what_fails_is_asked_and_acts_on_what_was_listed(start_stage: Stage) -> None:
    """A schedule that has failed again since the question has a newer failed run, so it's left out."""
    of = handling(start_stage, failing(), failing(2, schedule="hourly"), failing(channel="C2"))
    found = await of.flow.find_failing(CHANNEL)
    asked = of.flow.ask_to_retry(found, {})
    runs = read_runs_value(buttons(asked)[0].value)
    assert runs == {4712, 4713}
    partly = of.flow.ask_to_retry(found, {"hourly": "You can't."})
    assert read_runs_value(buttons(partly)[0].value) == {4713}
    of.incidents.records[CHANNEL, "hourly"] = StoredIncident(failing(4, schedule="hourly"), 2)
    left = await of.flow.still_to_retry(CHANNEL, runs)
    assert [one.schedule for one in left] == ["nightly"]
    assert words(of.flow.retried(left, [])) == "I'm retrying 1 run.\n• Nightly full build (run 4713)"
