"""The runs that count for a watch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.watching.counted_runs import closes, counts
from tests.core.watching.ends import NIGHTLY, WATCH, failure, success


@pytest.mark.parametrize(
    ("branch", "watched", "expected"),
    [("main", None, True), ("dev", None, False), (None, None, True), ("dev", "*", True), ("main", "dev", False)],
)
def test_runs_of_the_watched_branch_count(branch: str | None, watched: str | None, *, expected: bool) -> None:
    """A watch counts runs of the branch it watches, by default the schedule's, and runs whose branch isn't known."""
    assert counts(replace(failure(1, 0), branch=branch), replace(WATCH, branch=watched), NIGHTLY) is expected


def test_pull_requests_do_not_count_and_other_commands_do_not_close() -> None:
    """Runs for pull requests don't count, and only a success with the schedule's own commands closes an incident."""
    assert not counts(replace(failure(1, 0), pull_request="7"), WATCH, NIGHTLY)
    assert closes(success(1, 0))
    assert not closes(replace(success(1, 0), closes=False))
    assert not closes(replace(success(1, 0), state="CANCELED"))
