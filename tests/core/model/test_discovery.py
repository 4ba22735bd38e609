"""The records that discovery keeps."""

from __future__ import annotations

from bot.core.model.discovery import Ledger


def test_the_floor_is_the_oldest_start_that_is_remembered() -> None:
    """The floor is the oldest known start; runs without one don't lower it."""
    assert Ledger().floor == 0
    assert Ledger(final=((1, 0), (2, 50.0), (3, 70.0))).floor == 50.0
