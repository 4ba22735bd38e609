"""Keys of starts: if two share one, the second start counts as a repetition of the first."""

from __future__ import annotations

import pytest

from bot.core.model.command import RunCommand
from bot.core.model.same_start import same_keys


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (("nightly", "nightly"), ("Nightly full build", "nightly"), True),
        (("Café", ""), ("cafe", ""), True),
        (("nightly", ""), ("nightly", "nightly"), True),
        (("nightly", "nightly"), ("hourly", "hourly"), False),
        (("Cafe", "cafe-1"), ("Café", "cafe-2"), False),
    ],
)
def test_a_start_is_known_by_its_schedule(first: tuple[str, str], second: tuple[str, str], is_same: bool) -> None:  # noqa: FBT001
    """Starts are compared by slug if both are known, otherwise by the folded text that was typed."""
    keys = [set(same_keys("U1", "C1", RunCommand(text), slug)) for text, slug in (first, second)]
    assert bool(keys[0] & keys[1]) is is_same


def test_another_person_channel_or_reason_is_another_start() -> None:
    """A repetition comes from the same person, in the same channel, with the same options."""
    command, other = RunCommand("nightly"), RunCommand("nightly", reason="again")
    keys = [
        set(same_keys("U1", "C1", command, "nightly")),
        set(same_keys("U2", "C1", command, "nightly")),
        set(same_keys("U1", "C2", command, "nightly")),
        set(same_keys("U1", "C1", other, "nightly")),
    ]
    assert len(set().union(*keys)) == sum(len(one) for one in keys)
