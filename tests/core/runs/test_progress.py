"""The progress of a run, and the commands that count toward it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import BoltCommand, RunSummary
from bot.core.model.run import Observation, Run, RunFacts, RunKey
from bot.core.runs.progress import (
    Progress,
    bar,
    commands_known,
    numbered,
    position,
    progress,
    ran,
    ran_all,
    ran_others,
    usual_seconds,
)
from bot.core.views.card import run_card

BEGAN = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
OWN = ("dbt seed", "dbt run", "dbt test")


def run_with(*commands: BoltCommand, own: tuple[str, ...] = OWN) -> Run:
    """A running run that has begun these commands."""
    return Run(RunKey("w", 4711), facts=RunFacts(commands=own, asked_by="U1"), seen=Observation("RUNNING", commands))


def done(number: int, text: str, code: int = 0) -> BoltCommand:
    """A command that took a minute."""
    start = BEGAN + timedelta(minutes=number)
    return BoltCommand(number, text, start, start + timedelta(minutes=1), code)


def running(number: int, text: str) -> BoltCommand:
    """A command that has begun."""
    return BoltCommand(number, text, BEGAN + timedelta(minutes=number))


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (run_with(), Progress(0, 3, None)),
        (run_with(running(1, "git clone x")), Progress(0, 3, "git clone x")),
        (run_with(done(1, "git clone x"), running(2, "dbt deps")), Progress(0, 3, "dbt deps")),
        (run_with(done(1, "git clone x"), done(2, "dbt seed"), running(3, "dbt run")), Progress(1, 3, "dbt run")),
        (run_with(done(1, "dbt seed"), done(2, "dbt  run"), done(3, "dbt test", 1)), Progress(3, 3, None)),
        (run_with(done(1, "a"), running(2, "b"), own=()), Progress(1, None, "b")),
        (run_with(*[done(n, "dbt seed") for n in range(1, 6)]), Progress(5, 5, None)),
    ],
)
def test_only_the_schedules_own_commands_count(run: Run, expected: Progress) -> None:
    """The platform's commands are shown while they run, but don't count as progress."""
    assert progress(run) == expected


def test_a_commands_place_is_among_the_schedules_own() -> None:
    """`command 2 of 3` leaves out what the platform ran before."""
    clone, seed, test = done(1, "git clone x"), done(2, "dbt seed"), done(3, "dbt run", 1)
    run = run_with(clone, seed, test)
    assert position(run, test) == (2, 3)
    assert position(run, clone) is None


@pytest.mark.parametrize(
    ("done_", "total", "expected"),
    [(0, 5, "▱▱▱▱▱▱▱▱▱▱"), (2, 5, "▰▰▰▰▱▱▱▱▱▱"), (5, 5, "▰▰▰▰▰▰▰▰▰▰"), (99, 100, "▰▰▰▰▰▰▰▰▰▱"), (7, 5, "▰▰▰▰▰▰▰▰▰▰")],
)
def test_a_bar_is_never_full_early(done_: int, total: int, expected: str) -> None:
    """The bar has ten cells and is rounded down, so it's never full early."""
    assert bar(done_, total) == expected


def test_the_usual_length_is_the_median_of_successes() -> None:
    """Failures, runs without times and runs that end before they begin say nothing about how long a success takes."""

    def listed(number: int, state: str, seconds: float | None) -> RunSummary:
        end = BEGAN + timedelta(seconds=seconds) if seconds is not None else None
        return RunSummary(number, state, "a", started_at=BEGAN, ended_at=end)

    runs = [listed(1, "SUCCESS", 60), listed(2, "FAILED", 5), listed(3, "SUCCESS", 120), listed(4, "SUCCESS", 600)]
    assert usual_seconds([*runs, listed(5, "SUCCESS", None), listed(6, "SUCCESS", -3)]) == 120
    assert usual_seconds([listed(1, "FAILED", 60)]) is None


@pytest.mark.parametrize(
    ("texts", "known"),
    [
        (("git clone x", "dbt deps", *OWN), True),
        (OWN, True),
        # Fewer of the schedule's own commands, more, different ones, and none.
        (OWN[:2], False),
        ((*OWN, "dbt docs generate"), False),
        (("git clone x", "dbt snapshot", *OWN), False),
        (("dbt run-operation clean",), False),
        (("git clone x", "dbt deps"), False),
        ((), False),
    ],
)
def test_the_commands_of_a_run_that_was_started_elsewhere_are_known_by_what_it_had(
    texts: tuple[str, ...], *, known: bool
) -> None:
    """The commands of a run started elsewhere are known, and can be run again, only if it ran the schedule's own."""
    had = tuple(done(number, text) for number, text in enumerate(texts))
    run = Run(RunKey("w", 4711), facts=RunFacts(slug="n", commands=OWN), seen=Observation("SUCCESS", had))
    assert commands_known(run) is known
    assert not commands_known(replace(run, facts=RunFacts(slug="n")))
    assert ("Run again" in str(run_card(run, "https://b.test").blocks)) is known


def test_the_commands_of_a_start_of_ours_are_known() -> None:
    """The commands of our own starts are known; our retries' commands are known only if the retried run's are."""
    ours = RunFacts(slug="n", asked_by="U1", request="q")
    for facts, known in (
        (ours, True),
        (replace(ours, commands=("dbt x",), overridden=True), True),
        (replace(ours, parent_run=7), False),
        (replace(ours, parent_run=7, commands=OWN), True),
    ):
        assert commands_known(Run(RunKey("w", 4711), facts=facts, seen=Observation("SUCCESS"))) is known


def test_a_schedules_first_command_may_be_one_of_the_platforms() -> None:
    """`dbt deps` may be the platform's command or the schedule's own."""
    own = ("dbt deps", "dbt run")
    had = tuple(done(number, text) for number, text in enumerate(("git clone x", "dbt deps", *own)))
    assert ran_all(had, own)
    assert ran(had[:2], own)
    assert not ran_others(had[:3], own)
    assert ran_others((*had[:3], done(9, "dbt test")), own)


def test_a_run_that_was_started_elsewhere_is_counted_against_what_it_goes_through() -> None:
    """In a run whose commands aren't its schedule's, all of its own commands are counted."""
    begun = run_with(done(1, "git clone x"), done(2, "dbt seed"), running(3, "dbt run"))
    elsewhere = replace(begun, facts=RunFacts(commands=OWN))
    assert progress(elsewhere).total == 3
    other = replace(elsewhere, seen=Observation("RUNNING", (done(1, "dbt seed"), running(2, "dbt test"))))
    assert progress(other) == Progress(1, None, "dbt test")


@pytest.mark.parametrize(
    ("own", "texts", "numbers"),
    [
        (("dbt run", "dbt test"), ("git clone x", "dbt deps", "dbt run", "dbt test"), [None, None, 1, 2]),
        # The schedule's own dbt deps comes after the platform's.
        (("dbt deps", "dbt run"), ("git clone x", "dbt deps", "dbt deps", "dbt run"), [None, None, 1, 2]),
        # The schedule's own commands aren't known, as for a retry.
        ((), ("git clone x", "dbt deps", "dbt run"), [None, None, 1]),
        ((), ("dbt deps", "dbt run"), [1, 2]),
        ((), ("git clone x",), [None]),
    ],
)
def test_commands_have_one_numbering(own: tuple[str, ...], texts: tuple[str, ...], numbers: list[int | None]) -> None:
    """Own commands are numbered from 1, and the platform's have no number; the thread uses the same numbers."""
    had = tuple(done(number, text) for number, text in enumerate(texts))
    facts = RunFacts(slug="n", commands=own, asked_by="U1")
    run = Run(RunKey("w", 4711), facts=facts, seen=Observation("SUCCESS", had))
    assert [number for number, _ in numbered(run)] == numbers
    places = [position(run, command) for command in had]
    assert [place[0] if place else None for place in places] == numbers
