"""Watches."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.model.watch import Watch


@pytest.mark.parametrize(
    ("pattern", "exact"), [("nightly", True), ("*", False), ("night*", False), ("n?ght", False), ("[ab]", False)]
)
def test_a_watch_without_glob_characters_names_one_schedule(pattern: str, *, exact: bool) -> None:
    """A watch is exact only if its pattern has no wildcard."""
    watch = Watch("C1", 3, "T1", pattern, since=datetime(2026, 3, 2, tzinfo=UTC))
    assert watch.is_exact is exact
    assert watch.name == "C1:3"
