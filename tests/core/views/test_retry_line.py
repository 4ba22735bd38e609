"""The line about a retry in an incident's message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.model.command import RetryCommand
from bot.core.model.incident import IncidentRun, RetryOfIncident
from bot.core.model.request import Approval, Request, RequestState
from bot.core.views.retry_line import retry_line
from tests.core.views.plain import said
from tests.core.views.test_incident import failing

APP = "https://app.example"
NAMES = {"U0ADA": "ada"}
START = Request(
    "r1", "T", "C1", "U0ADA", "ada.l", RetryCommand(every=False, run_id=4713), datetime(2026, 12, 1, 12, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("state", "facts", "words"),
    [
        ("accepted", {}, "starting"),
        ("looked", {}, "starting"),
        ("carded", {}, "starting"),
        ("sending", {}, "starting"),
        ("approved", {}, "starting"),
        ("pending", {"approval": Approval("@leads", "S1", "production", 60)}, "waiting for approval from @leads"),
        ("pending", {}, "waiting for approval"),
        ("queued", {"behind": 4700}, "queued until run 4700 ends"),
        ("queued", {}, "queued"),
        ("looking", {}, "Bolt didn't answer, so I'm checking whether it started"),
        ("unclear", {}, "it's unclear whether it started"),
        ("closed", {}, "it's unclear whether it started"),
        ("closed", {"why": "Bolt said no."}, "not started"),
        ("refused", {"why": "Bolt said no."}, "not started"),
    ],
)
def test_how_far_a_start_is(state: str, facts: dict[str, object], words: str) -> None:
    """The line says in a few words how far the start is."""
    start = replace(START, state=RequestState(state), **facts)  # type: ignore[arg-type]
    assert said(retry_line(failing(), start, APP, NAMES)) == f":repeat: Retry by ada: {words}"
    assert said(retry_line(failing(), start, APP, {})) == f":repeat: Retry by ada.l: {words}"


@pytest.mark.parametrize("state", [RequestState.OTHER, RequestState.SETTLED])
def test_what_another_version_does_is_not_guessed(state: RequestState) -> None:
    """An unknown or settled start has no line: other versions' states aren't guessed, and a run has its own line."""
    assert retry_line(failing(), replace(START, state=state), APP, NAMES) == ()


def test_an_active_retry_comes_first() -> None:
    """Once a retry is running, the line shows its run instead of its start, whoever started it."""
    line = retry_line(failing(retry=RetryOfIncident(4714, "RUNNING", "U0ADA")), START, APP, NAMES)
    assert said(line) == ":repeat: Being retried as run 4714 by ada"
    by_bolt = retry_line(failing(retry=RetryOfIncident(4714, "RUNNING", "bob@example.com")), None, APP, NAMES)
    assert said(by_bolt) == ":repeat: Being retried as run 4714 by bob"
    unknown = retry_line(failing(retry=RetryOfIncident(4714, "RUNNING", "U0BOB")), None, APP, NAMES)
    assert said(unknown) == ":repeat: Being retried as run 4714"


def test_a_retry_that_is_over_is_said_unless_the_message_counts_it() -> None:
    """A retry that is over has a line unless the message counts it as a failure or a newer run has ended."""
    canceled = failing(retry=RetryOfIncident(4714, "CANCELED", "U0ADA"))
    assert said(retry_line(canceled, None, APP, NAMES)) == ":repeat: Retry by ada: run 4714 cancelled"
    newer = replace(canceled, latest=IncidentRun(4715, "FAILED"))
    assert retry_line(newer, None, APP, NAMES) == ()
    assert retry_line(failing(retry=RetryOfIncident(4714, "FAILED", "U0ADA")), None, APP, NAMES) == ()
    assert retry_line(failing(), None, APP, NAMES) == ()
