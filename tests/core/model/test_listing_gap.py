"""Runs hidden by a gap between two complete listings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.model.listing_gap import GapState, ListingGap

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_gap_hides_what_ended_before_it_was_over() -> None:
    """A gap hides the runs that ended before it was over, and those whose end isn't known. Later ends are reported."""
    gap = ListingGap(1, GapState.COLLECTING, AT, until=AT + timedelta(hours=1))
    assert [gap.hides(AT + timedelta(minutes=minutes)) for minutes in (-5, 30, 60, 61)] == [True, True, True, False]
    assert gap.hides(None)
