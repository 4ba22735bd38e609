"""The question that `retry --failing` asks, and the reply afterward."""

from __future__ import annotations

from bot.core.model.incident import Incident, RetryOfIncident
from bot.core.views.buttons import read_runs_value
from bot.core.views.retry_failing import LISTED_MOST, NOTHING_FAILS, RefusedRetry, outcome, question
from tests.core.views.plain import buttons, said, shown
from tests.core.views.test_incident import APP, failing, recovered

BEING_RETRIED = failing(schedule="hourly", retry=RetryOfIncident(4714, "RUNNING"))


def many(count: int) -> list[Incident]:
    """This many failing schedules."""
    return [failing(schedule=f"s{number}", name=f"Schedule {number}") for number in range(count)]


def test_nothing_to_retry() -> None:
    """Nothing is retried if nothing fails, or if everything is already being retried."""
    assert said(question([recovered()], APP).text) == NOTHING_FAILS
    assert said(question([BEING_RETRIED], APP).text) == "One schedule is already being retried."


def test_it_names_each_run_and_asks_once() -> None:
    """The question names each run; those already being retried are left out and counted."""
    message = question([failing(), *many(2), BEING_RETRIED, recovered()], APP)
    assert shown(message) == [
        "Retry the newest failed run of each of these 3 schedules?",
        "• Nightly full build (run 4713)",
        "• Schedule 0 (run 4713)",
        "• Schedule 1 (run 4713)",
        "One schedule is already being retried.",
    ]
    assert [one.label for one in buttons(message)] == ["Retry 3 runs", "Don't retry"]
    assert read_runs_value(buttons(message)[0].value) == {4713}


def test_a_single_one_and_very_many() -> None:
    """The question about a single schedule is in the singular; the question about many names twenty of them."""
    assert shown(question([failing()], APP))[0] == "Retry the newest failed run of this schedule?"
    lines = shown(question(many(LISTED_MOST + 3), APP))
    assert (lines[0], lines[-1]) == ("Retry the newest failed run of each of these 23 schedules?", "… and 3 more")


def test_what_the_person_cannot_retry_is_left_out_of_the_question() -> None:
    """Refused schedules are left out with one sentence per reason, and nothing is asked if all are refused."""
    refused = [RefusedRetry(one, ("You can't retry this here.",)) for one in many(3)]
    assert shown(question([failing()], APP, refused))[-1] == (
        "3 other schedules are left out: You can't retry this here."
    )
    assert shown(question([failing()], APP, refused[:1]))[-1] == "Schedule 0 is left out: You can't retry this here."
    none = question([], APP, refused)
    assert said(none.text) == "You can't retry this here."
    assert buttons(none) == []


def test_the_outcome_names_what_was_not_retried() -> None:
    """The outcome lists what was retried and what wasn't, with each reason once."""
    assert shown(outcome(many(2), [], APP)) == [
        "I'm retrying 2 runs.",
        "• Schedule 0 (run 4713)",
        "• Schedule 1 (run 4713)",
    ]
    assert said(outcome([], [], APP).text) == "None of these runs can be retried anymore."
    refused = [RefusedRetry(one, ("You can't retry this here.",)) for one in many(LISTED_MOST + 1)]
    assert shown(outcome(many(1), refused[:1], APP))[-1] == (
        "• Schedule 0 (run 4713) wasn't retried: You can't retry this here."
    )
    assert said(outcome([], refused, APP).text) == "You can't retry this here."
    other = RefusedRetry(failing(), ("It's running.",))
    assert shown(outcome([], [*refused, other], APP)) == [
        "Nothing was retried.",
        "• 21 runs weren't retried: You can't retry this here.",
        "• Nightly full build (run 4713) wasn't retried: It's running.",
    ]
    assert shown(outcome(many(LISTED_MOST + 2), [], APP))[-1] == "… and 2 more"
