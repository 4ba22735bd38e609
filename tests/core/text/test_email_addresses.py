"""Email addresses in Bolt's names of owners."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.email_addresses import address_in, without_addresses


@pytest.mark.parametrize(
    ("word", "address", "shown"),
    [
        ("ada@example.com", "ada@example.com", "ada"),
        (" Ada@Example.com ", "ada@example.com", "Ada"),
        ("Ada Lovelace <ada@example.com>", "ada@example.com", "Ada Lovelace"),
        ("ada@example.com (Ada)", "ada@example.com", "Ada"),
        ("mailto:ada@example.com", "ada@example.com", "mailto"),
        ("ada@example.com, bob@example.com", None, "ada, bob"),
        ("<ada@example.com>", "ada@example.com", "ada"),
        ("ada@example.com.", "ada@example.com", "ada"),
        ("ada", None, "ada"),
        ("@data-team", None, "@data-team"),
        ("Data platform", None, "Data platform"),
        (f"{'a' * 64}@{'b' * 250}", None, "a" * 64),
        ("", None, ""),
    ],
)
def test_an_address_is_found_and_left_out(word: str, address: str | None, shown: str) -> None:
    """The address is found, and a name or the part before the @ is shown instead."""
    assert address_in(word) == address
    assert without_addresses(word) == shown


@given(st.text(alphabet="ab@.,<> \"'", max_size=40))
def test_no_address_is_ever_shown(word: str) -> None:
    """No address is shown, whatever surrounds it."""
    assert address_in(without_addresses(word)) is None
