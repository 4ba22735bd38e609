"""Records of notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model.incident import IncidentRun
from bot.core.model.notice import HourOfRuns, Lateness, Notice

T0 = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_late_schedule_is_open_until_it_starts_or_is_given_up() -> None:
    """A late schedule is open until it starts, or until its lateness ends for another reason."""
    late = Lateness("nightly", "Nightly", T0, T0, T0)
    assert late.is_open
    assert not replace(late, started=IncidentRun(1, "RUNNING")).is_open
    assert not replace(late, why="it's paused in Bolt").is_open


def test_names_and_totals() -> None:
    """A notice's key contains its channel, and an hour's total adds up all states."""
    assert Notice("C1", "run:7", "T1").key == "C1:run:7"
    assert HourOfRuns(T0, (("FAILED", 1), ("SUCCESS", 57))).total == 58
