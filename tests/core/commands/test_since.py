"""The start of a listing, as people type it: a date, or how long ago."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands.since import parse_since

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2d", datetime(2026, 2, 27, 12, 0, tzinfo=UTC)),
        ("3 h", datetime(2026, 3, 1, 9, 0, tzinfo=UTC)),
        ("45min", datetime(2026, 3, 1, 11, 15, tzinfo=UTC)),
        ("1w", datetime(2026, 2, 22, 12, 0, tzinfo=UTC)),
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("2026-02-28T10:00:00+02:00", datetime(2026, 2, 28, 8, 0, tzinfo=UTC)),
        ("", None),
        ("2", None),
        ("d", None),
        ("-2d", None),
        ("99999d", None),
        ("²d", None),
        ("yesterday", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    """A relative time or a date is read as a moment; anything else is None."""
    assert parse_since(text, NOW) == moment


@given(st.datetimes())
def test_any_date_is_a_moment_in_the_zone_of_now(date: datetime) -> None:
    """A date without an offset is in the time zone of the current time."""
    assert parse_since(date.isoformat(), NOW) == date.replace(tzinfo=NOW.tzinfo)


PIECES = st.lists(
    st.sampled_from(["2026", "-02", "-28", "T10", ":00", "+02:00", "Z", "9", "²", "w", "d", "min", " "]), max_size=6
)


@given(st.text(max_size=12) | PIECES.map("".join))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    """Any text is either a moment with a time zone or None."""
    found = parse_since(text, NOW)
    assert found is None or found.tzinfo is not None
