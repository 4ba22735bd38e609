"""Users' ids, told apart from names."""

from __future__ import annotations

import pytest

from bot.core.text.user_ids import is_user


@pytest.mark.parametrize("word", ["U0ADA", "W012A3CDE"])
def test_a_users_id(word: str) -> None:
    """The id of a user in a workspace or an organization is recognized."""
    assert is_user(word)


@pytest.mark.parametrize("word", ["", "ada", "UNIT", "U0ada", "S0GROUP", "ada@example.com", "Bolt scheduler"])
def test_another_word(word: str) -> None:
    """Names, addresses and other ids aren't users' ids."""
    assert not is_user(word)
