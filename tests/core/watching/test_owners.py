"""The owner of a schedule in Slack, according to the owners file."""

from __future__ import annotations

import pytest

from bot.core.model.run_end import WatchedSchedule
from bot.core.watching.owners import Owners, is_group, owner_key

OWNERS = Owners(
    (("finance-daily", "U0GRACE"), ("finance-*", "S0FINANCE"), ("*orders*", "U0BOB")),
    {owner_key(name): who for name, who in (("ada@example.com", "U0ADA"), ("Data platform", "S0DATA"))},
)


@pytest.mark.parametrize(
    ("slug", "owner", "expected"),
    [
        ("nightly", "ada@example.com", "U0ADA"),
        ("nightly", "Ada Lovelace <ADA@example.com>", "U0ADA"),
        ("nightly", "data  PLATFORM", "S0DATA"),
        ("nightly", "data-platform", "S0DATA"),
        ("nightly", "a-da@example.com", None),
        ("nightly", "grace", None),
        ("nightly", None, None),
        ("finance-daily", "ada@example.com", "U0GRACE"),
        ("finance-orders", "ada@example.com", "S0FINANCE"),
        ("weekly-orders", None, "U0BOB"),
    ],
)
def test_a_schedules_pattern_decides_before_its_owner(slug: str, owner: str | None, expected: str | None) -> None:
    """The first matching pattern decides, then the owner's name, or the address in it."""
    assert OWNERS.id_of(WatchedSchedule(slug, slug.title(), owner=owner)) == expected


def test_addresses_differ_by_any_character() -> None:
    """Addresses are compared character by character, and names as people read them."""
    assert owner_key("a_da@example.com") != owner_key("a-da@example.com")
    assert owner_key("Ada Lovelace") == owner_key("ada  lovelace")
    assert owner_key("?!") == "?!"


def test_a_group_is_known_by_its_id() -> None:
    """A group's id is distinguished from a user's by its first letter."""
    assert [is_group(who) for who in ("S0DATA", "U0ADA", "W0ADA", "")] == [True, False, False, False]
