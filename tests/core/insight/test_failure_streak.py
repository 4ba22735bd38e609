"""Whether a success is a recovery."""

from __future__ import annotations

import pytest

from bot.core.insight.failure_streak import Recovery, recovery
from bot.core.model.bolt import RunSummary

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
    """Up to the success before them; what was cancelled, skipped or still runs is neither."""
    assert recovery(listed(letters), len(letters), all_listed=True) == Recovery(failures)


def test_younger_runs_do_not_count() -> None:
    """The end of a long run is read when others have come and gone."""
    assert recovery(listed("FFSFS"), 3, all_listed=True) == Recovery(1)


def test_where_a_listing_ends_in_failures_there_may_be_more() -> None:
    """Unless it is known to be all."""
    assert recovery(listed("SFF"), 3, all_listed=False) == Recovery(2, more=True)
    assert recovery(listed("SFF"), 3, all_listed=True) == Recovery(2)
    assert recovery(listed("SFFS"), 4, all_listed=False) == Recovery(2)
    assert recovery([], 3, all_listed=False) == Recovery()
