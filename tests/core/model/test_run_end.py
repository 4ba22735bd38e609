"""Ends of runs."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.model.run_end import RunEnd

NOON, ONE = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 13, tzinfo=UTC)


def test_ends_are_ordered_by_end_then_start_then_id() -> None:
    """Ends are ordered by end, then start, then id; one without times comes first."""
    ends = [
        RunEnd(3, "SUCCESS", NOON, ONE),
        RunEnd(9, "FAILED", NOON, NOON),
        RunEnd(2, "SUCCESS", NOON, ONE),
        RunEnd(1, "FAILED"),
    ]
    assert [end.run for end in sorted(ends, key=lambda end: end.order)] == [1, 9, 2, 3]


def test_only_failed_and_error_are_failures() -> None:
    """Only FAILED and ERROR are failures; cancelled and unknown states aren't."""
    assert [RunEnd(1, state).has_failed for state in ("FAILED", "ERROR", "SUCCESS", "CANCELED", "ODD")] == [
        True,
        True,
        False,
        False,
        False,
    ]
