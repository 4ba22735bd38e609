"""The run that an incident's message shows as its retry, and the ends that the retry covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.model.command import RetryCommand
from bot.core.model.incident import IncidentRun, IncidentState, RetryOfIncident
from bot.core.model.request import Request, RequestState
from bot.core.model.run import Observation, Run, RunKey
from bot.core.model.run_end import RunEnd
from bot.core.watching.incident_retries import is_starting, tells_end, with_run_of
from tests.core.views.test_incident import failing, recovered

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
START = Request("r1", "T", "C1", "U0ADA", "ada", RetryCommand(every=False, run_id=4713), NOON, run_id=4714)


def run(state: str = "RUNNING", run_id: int = 4714) -> Run:
    """The retry's run."""
    return Run(RunKey("w", run_id), seen=Observation(state))


@pytest.mark.parametrize("state", RequestState)
def test_a_start_may_become_a_run_until_it_has_or_never_will(state: RequestState) -> None:
    """A start may still become a run unless it's over or its state is unknown."""
    over = {RequestState.SETTLED, RequestState.REFUSED, RequestState.CLOSED, RequestState.OTHER}
    assert is_starting(replace(START, state=state)) == (state not in over)
    assert not is_starting(None)


def test_the_run_of_a_start_is_the_retry_while_it_is_active() -> None:
    """A start's active run becomes the incident's retry, unless a newer one is known or the incident is over."""
    assert with_run_of(failing(), START, run()).retry == RetryOfIncident(4714, "RUNNING", "U0ADA")
    older = failing(retry=RetryOfIncident(4700, "CANCELED", "bob"))
    assert with_run_of(older, START, run()).retry == RetryOfIncident(4714, "RUNNING", "U0ADA")
    for known in (failing(retry=RetryOfIncident(4715, "RUNNING")), failing(retry=RetryOfIncident(4714, "RUNNING"))):
        assert with_run_of(known, START, run()) == known
    assert with_run_of(failing(), START, run("FAILED")) == failing()
    assert with_run_of(failing(), START, None) == failing()
    assert with_run_of(failing(), None, run()) == failing()
    assert with_run_of(recovered(), START, run()) == recovered()


def test_which_ends_a_message_tells_of() -> None:
    """A message covers every counted failure, and any other end only if it shows that run."""
    failed, success, canceled = (RunEnd(4714, state) for state in ("FAILED", "SUCCESS", "CANCELED"))
    shows = failing(retry=RetryOfIncident(4714, "CANCELED", "U0ADA"))
    assert tells_end(failing(), failed)
    assert tells_end(shows, canceled)
    assert tells_end(failing(latest=IncidentRun(4714, "SUCCESS")), success)
    assert not tells_end(failing(), success)
    assert tells_end(recovered(recovered_by=IncidentRun(4714, "SUCCESS")), success)
    assert not tells_end(recovered(), canceled)
    assert not tells_end(recovered(), failed)
    assert tells_end(recovered(recent=(IncidentRun(4714, "FAILED"),)), failed)
    assert tells_end(shows, failed, in_outage=True)
    assert not tells_end(shows, canceled, in_outage=True)
    assert tells_end(recovered(recovered_by=IncidentRun(4714, "SUCCESS")), success, in_outage=True)
    for nothing in (None, replace(shows, state=IncidentState.CLOSED)):
        assert not tells_end(nothing, failed)
