"""Slots of a schedule."""

from __future__ import annotations

from bot.core.model.slots import Slots


def test_only_slots_that_say_something_are_kept() -> None:
    """Slots are kept only if there's a next one or some have passed."""
    assert not Slots()
    assert Slots(1.0)
    assert Slots(0, (1.0,))
