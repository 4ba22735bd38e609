"""Whether a success is a recovery, and what a failure has in common with the runs before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import RunSummary
from bot.core.model.run import Changed, Run, RunFacts, RunKey
from bot.core.runs.compare_with_earlier_runs import Recovery, recovery, what_changed

STATES = {"S": "SUCCESS", "F": "FAILED", "E": "ERROR", "C": "CANCELED", "K": "SKIPPED", "R": "RUNNING", "N": "NEW"}


def listed(letters: str) -> list[RunSummary]:
    """Runs of these states, newest first; the oldest has the number 1."""
    return [RunSummary(len(letters) - at, STATES[letter], "key") for at, letter in enumerate(letters)]


@pytest.mark.parametrize(
    ("letters", "failures"),
    [
        ("S", 0),
        ("SS", 0),
        ("SFS", 1),
        ("SFEFSF", 3),
        ("SCFKFCS", 2),
        ("SRFNFS", 2),
        ("SSFF", 0),
        ("SCCS", 0),
    ],
)
def test_failures_directly_before_are_counted(letters: str, failures: int) -> None:
    """Failures since the last success are counted; cancelled, skipped and running runs don't count."""
    assert recovery(listed(letters), len(letters), all_listed=True) == Recovery(failures)


def test_younger_runs_do_not_count() -> None:
    """Runs newer than this one don't count: others may have ended before the end of a long run is read."""
    assert recovery(listed("FFSFS"), 3, all_listed=True) == Recovery(1)


def test_where_a_listing_ends_in_failures_there_may_be_more() -> None:
    """If a listing ends in failures, there may be more, unless it's known to be complete."""
    assert recovery(listed("SFF"), 3, all_listed=False) == Recovery(2, more=True)
    assert recovery(listed("SFF"), 3, all_listed=True) == Recovery(2)
    assert recovery(listed("SFFS"), 4, all_listed=False) == Recovery(2)
    assert recovery([], 3, all_listed=False) == Recovery()


AT = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
KEY = "w"


def branch_runs(letters: str, commits: str = "", **of_own: object) -> list[RunSummary]:
    """Runs of main, newest first, an hour apart, each at the commit with that letter."""
    count = len(letters)
    runs = [
        RunSummary(
            count - at,
            STATES[letter],
            "key",
            ended_at=AT - timedelta(hours=at),
            branch="main",
            commit=(commits or "a" * count)[at],
        )
        for at, letter in enumerate(letters)
    ]
    return [replace(runs[0], **of_own), *runs[1:]]  # type: ignore[arg-type]


def compared(runs: list[RunSummary], *, all_listed: bool = True, facts: RunFacts | None = None) -> Changed | None:
    """The newest of these runs, compared with those before it."""
    run = Run(RunKey(KEY, runs[0].id), facts=facts or RunFacts(asked_by="U1"))
    return what_changed(runs, run, all_listed=all_listed)


def test_a_failure_is_compared_with_the_last_success() -> None:
    """The commit and time of the last success are compared, and the failures since then are counted."""
    assert compared(branch_runs("FS", "ba")) == Changed(
        1, since=AT, succeeded_at=AT - timedelta(hours=1), commit_then="a"
    )
    assert compared(branch_runs("FCFKFS", "cccbba")) == Changed(
        3, since=AT - timedelta(hours=4), succeeded_at=AT - timedelta(hours=5), commit_then="a"
    )


def test_without_a_success_the_failures_are_counted() -> None:
    """Without a success, the failures are counted, possibly as a minimum; a first failure isn't compared."""
    assert compared(branch_runs("FFF"), all_listed=False) == Changed(3, more=True, since=AT - timedelta(hours=2))
    assert compared(branch_runs("F")) is None


def test_a_retry_and_what_it_retries_are_one_failure() -> None:
    """A retry and the run it retries count as one failure."""
    runs = branch_runs("FFS", "bba", parent_run_id=2)
    assert compared(runs) == Changed(
        1, since=AT - timedelta(hours=1), succeeded_at=AT - timedelta(hours=2), commit_then="a"
    )


def test_only_the_same_branch_counts() -> None:
    """Runs of pull requests and other branches don't count; a pull request's own run isn't compared."""
    runs = branch_runs("FSFS", "cbba")
    runs[1] = replace(runs[1], branch="dev")
    runs[2] = replace(runs[2], pull_request="7")
    assert compared(runs) == Changed(1, since=AT, succeeded_at=AT - timedelta(hours=3), commit_then="a")
    assert compared(branch_runs("FS", pull_request="9")) is None
    assert compared(branch_runs("FS", branch=None)) is None
    assert compared(branch_runs("FS"), facts=RunFacts(asked_by="U1", overridden=True)) is None


def test_ends_count_not_numbers() -> None:
    """Runs are compared by when they ended, not by number."""
    runs = branch_runs("FS", "ba")
    later = replace(runs[0], id=0, state="SUCCESS", ended_at=AT + timedelta(hours=1))
    assert compared([*runs, later]) == Changed(1, since=AT, succeeded_at=AT - timedelta(hours=1), commit_then="a")
    good = branch_runs("SFS")
    assert recovery(
        [replace(good[1], id=9, ended_at=AT + timedelta(hours=2)), good[0], good[2]], 3, all_listed=True
    ) == Recovery(0)
