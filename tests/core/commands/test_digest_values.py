"""A digest's time, as people type it."""

from __future__ import annotations

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.command import DigestCommand, canonical
from bot.core.model.errors import BadCommand


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("digest", DigestCommand()),
        ("digest off", DigestCommand("off")),
        ("digest daily", DigestCommand("daily", "09:00")),
        ("digest daily 8:30", DigestCommand("daily", "08:30")),
        ("digest Daily at 23:59", DigestCommand("daily", "23:59")),
        ("digest weekly", DigestCommand("weekly", "09:00", 0)),
        ("digest weekly 10:00", DigestCommand("weekly", "10:00", 0)),
        ("digest weekly fri", DigestCommand("weekly", "09:00", 4)),
        ("digest weekly Sunday 7:00", DigestCommand("weekly", "07:00", 6)),
        ("digest weekly Thurs at 7:00", DigestCommand("weekly", "07:00", 3)),
        ("digest weekly mondays 7:00", DigestCommand("weekly", "07:00", 0)),
        ("digest daily 09:00 --tz europe/berlin", DigestCommand("daily", "09:00", None, "Europe/Berlin")),
    ],
)
def test_what_is_typed_is_understood(typed: str, expected: DigestCommand) -> None:
    """Each form is understood, and its canonical form means the same."""
    assert parse(typed) == expected
    assert parse(canonical(expected)) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "digest now",
        "digest daily nine",
        "digest daily 25:00",
        "digest daily mon 09:00",
        "digest weekly mo 09:00",
        "digest weekly mon tue",
        "digest off 09:00",
        "digest 09:00",
        "digest --tz Europe/Berlin",
        "digest daily 09:00 10:00",
    ],
)
def test_what_is_not_understood_is_answered_with_examples(typed: str) -> None:
    """All arguments that aren't understood are answered with the same message, which has examples."""
    with pytest.raises(BadCommand) as refused:
        parse(typed)
    assert str(refused.value) == (
        "A digest can be daily, weekly or off, "
        "as in /bolt digest daily 09:00 or /bolt digest weekly mon 09:00. "
        "To see one now, type /bolt digest."
    )
