"""A run is polled often near its expected end, and rarely otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.runs.poll_interval import poll_interval_s

BEGAN = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age_s", "usual_s", "expected"),
    [
        (0, None, 2),
        (100, None, 5),
        (10_000, None, 30),
        (0, 600, 30),
        (400, 600, 10),
        (590, 600, 2),
        (640, 600, 2),
        (800, 600, 10),
        (-5, None, 2),
    ],
)
def test_a_run_is_polled_most_often_near_its_end(age_s: float, usual_s: float | None, expected: float) -> None:
    """The interval is a twentieth of the time to the expected end, or of the age, within limits."""
    now = BEGAN + timedelta(seconds=age_s)
    assert poll_interval_s(BEGAN, usual_s, now, least_s=2, most_s=30) == expected


def test_a_run_whose_begin_is_not_known_is_polled_often() -> None:
    """A run without a known start is polled often, because there's no elapsed time to go by."""
    assert poll_interval_s(None, 600, BEGAN, least_s=2, most_s=30) == 2
