"""Incidents as records."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.model.incident import Incident, IncidentRun, IncidentState
from bot.core.model.run_end import RunEnd

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_it_is_open_while_its_schedule_fails_or_flaps() -> None:
    """Failing and flapping incidents are open; recovered and closed ones aren't."""
    states = {state: Incident("C1", "nightly", "T1", 1, state=state).is_open for state in IncidentState}
    assert states == {
        IncidentState.FAILING: True,
        IncidentState.FLAPPING: True,
        IncidentState.RECOVERED: False,
        IncidentState.CLOSED: False,
    }


def test_a_run_keeps_the_place_of_its_end() -> None:
    """An incident's run is ordered like the end that it was made from, and keeps its facts."""
    end = RunEnd(7, "FAILED", NOON, NOON, branch="main", commit="3f2c1ab", asked_by="U1")
    run = IncidentRun.of(end)
    assert run.order == end.order
    assert (run.run, run.branch, run.asked_by) == (7, "main", "U1")
