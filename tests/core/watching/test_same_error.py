"""The same error in another run."""

from __future__ import annotations

import pytest

from bot.core.watching.same_error import error_of, same_words, unread_error


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Got 3 results, configured to fail if != 0", "Got 1,204 results, configured to fail if != 0"),
        ('relation "a.b" does not exist', 'relation "c.d" does not exist'),
        ("timeout after 12.5s at 2026-03-02T02:14:00", "timeout after 9s at 2026-03-03T02:15:11"),
        ("see /var/log/run-1.txt", "see /tmp/other/run-2.txt"),
        ("query 01b2c3d4-0001-aaaa-0000-000000000001 failed", "query 0fffffff-0002-bbbb-1111-000000000002 failed"),
        ("at address 0x7f3a", "at address 0x8b"),
    ],
)
def test_what_changes_from_run_to_run_is_left_out(one: str, other: str) -> None:
    """Numbers, times, paths, ids and quoted names don't distinguish errors."""
    assert same_words(one) == same_words(other)
    assert error_of("stg_orders", one).key == error_of("stg_orders", other).key


def test_other_words_nodes_and_return_codes_are_other_errors() -> None:
    """A different message, node or return code makes a different error, unless the hint is the same."""
    assert error_of("a", "permission denied").key != error_of("a", "division by zero").key
    assert error_of("a", "permission denied").key != error_of("b", "permission denied").key
    assert error_of("a", "x", hint="tls").key == error_of("a", "y", hint="tls").key
    assert unread_error("dbt run", 1).key != unread_error("dbt run", 2).key


@pytest.mark.parametrize(
    ("piece", "times", "read"),
    [
        ("''", 200_000, "#"),
        ("/", 150_000, "/"),
        ("a-", 200_000, "a-"),
        ("1:" * 31, 10_000, "#:"),
        ("1" * 40 + " ", 10_000, "# "),
    ],
    ids=["quotes", "slashes", "words", "numbers", "ids"],
)
def test_it_stays_linear_on_hostile_lines(piece: str, times: int, read: str) -> None:
    """Long hostile lines are read to the end; if that took quadratic time, the test would time out."""
    assert same_words(piece * times) == (read * times).strip()
