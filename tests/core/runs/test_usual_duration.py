"""When a run usually ends, and what its card says about it: in steps, so that a quiet run costs few edits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import BoltCommand
from bot.core.model.run import Observation, Run, RunFacts, RunKey
from bot.core.runs.usual_duration import share, slowness_in_words, step, usual_end

BEGAN = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
HOUR_S = 3600.0


def at(seconds: float) -> datetime:
    """The time this many seconds after the run began."""
    return BEGAN + timedelta(seconds=seconds)


def running(*changes: float, state: str = "RUNNING", reached: int = 0, usual_s: float | None = HOUR_S) -> Run:
    """A run whose commands began at these seconds, each when the previous one ended."""
    ends: list[datetime | None] = [at(second) for second in changes[1:]]
    commands = tuple(
        BoltCommand(number, "dbt run", at(begun), ended, None if ended is None else 0)
        for number, (begun, ended) in enumerate(zip(changes, [*ends, None], strict=False))
    )
    return Run(RunKey("w", 1), facts=RunFacts(usual_s=usual_s), seen=Observation(state, commands, reached))


@pytest.mark.parametrize(
    ("changes", "age_s", "expected"),
    [
        ((0,), 0, 0),
        ((0,), 1799, 0),
        ((0,), 1800, 50),
        ((0, 1000), 1800, 0),
        ((0, 1000), 2800, 50),
        ((0, 1000), 4499, 50),
        ((0, 1000), 4501, 100),
        ((0, 4400), 4499, 0),
        ((0, 4400), 4501, 100),
        ((0,), 7200, 200),
        ((0,), 17_999, 200),
        ((0,), 18_000, 500),
        ((0,), 36_000, 1000),
        ((0,), 99_999_999, 1000),
        ((), 7200, 0),
    ],
)
def test_time_alone_changes_little(changes: tuple[float, ...], age_s: float, expected: int) -> None:
    """Without changes, the steps are at half of the usual time, a quarter beyond it, and two, five and ten times it."""
    assert step(running(*changes).seen, HOUR_S, at(age_s)) == expected


def test_a_short_run_is_not_late_for_seconds() -> None:
    """A short run isn't late after a few extra seconds, or before the time that its card names."""
    run = running(0, usual_s=10)
    assert [step(run.seen, 10, at(seconds)) for seconds in (15, 60, 69, 299)] == [50, 50, 50, 50]
    assert step(run.seen, 10, at(301)) == 1000


def test_without_history_and_when_it_is_over_there_is_no_step() -> None:
    """There's no step without a usual duration, or once the run is over."""
    assert step(running(0).seen, None, at(9e9)) == 0
    assert step(running(0, state="SUCCESS").seen, HOUR_S, at(9e9)) == 0


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (running(0), 0),
        (running(0, 900), 25),
        (running(0, 960), 25),
        (running(0, 900, reached=50), 75),
        (running(0, 2700, reached=50), 95),
        (running(0, 3600), 95),
        (running(0, 36_000), 95),
        (running(0, reached=100), 95),
        (running(0, 900, usual_s=None), None),
        (running(), None),
    ],
)
def test_the_bar_is_never_full(run: Run, expected: int | None) -> None:
    """The bar shows how much of the usual time had passed at the last change, rounded down to 5% and never full."""
    assert share(run) == expected


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        (0, ""),
        (50, ""),
        (100, "later than usual"),
        (200, "twice the usual time"),
        (500, "5 times the usual time"),
        (1000, "10 times the usual time"),
    ],
)
def test_lateness_in_words(reached: int, words: str) -> None:
    """Lateness is put into words only from 100% of the usual duration on."""
    assert slowness_in_words(running(0, reached=reached)) == words


def test_an_expected_end_is_no_more_exact_than_five_minutes() -> None:
    """The expected end is rounded up to five minutes; without history or a start, there's none."""
    assert usual_end(BEGAN, 14 * 60 + 12) == at(15 * 60)
    assert usual_end(BEGAN, 15 * 60) == at(15 * 60)
    assert usual_end(None, 60) is None
    assert usual_end(BEGAN, None) is None
