"""The causes of a failure: grouped and ordered."""

from __future__ import annotations

import time

import pytest

from bot.core.logs.hints.causes import built_in, causes


@pytest.mark.parametrize("unit", ["a", " ", "\n", "'", "could not ", "fatal: ", "(", "Error in model ", "\x1b[3"])
def test_hostile_messages_take_no_longer_than_their_length(unit: str) -> None:
    """A megabyte of hostile text is read within a second."""
    begun = time.process_time()
    causes([unit * (1_000_000 // len(unit))])
    # The search takes a three-hundredth of a second, so the test fails only if a pattern's time isn't linear.
    assert time.process_time() - begun < 1


def test_causes_are_grouped_and_ordered() -> None:
    """Failures with one cause are counted together, the most frequent first; those that no hint fits come last."""
    found = causes(["division by zero", "no such thing", 'relation "a" does not exist', "division by zero"])
    assert [(cause.id, cause.count) for cause in found] == [
        ("div_zero", 2), ("missing_relation", 1), ("", 1),
    ]  # fmt: skip


def test_an_error_comes_before_a_failed_test() -> None:
    """Of two equally frequent causes, an error comes before a failed test."""
    found = causes(["Got 2 results, configured to fail if != 0", "division by zero"])
    assert found[0].id == "div_zero"


def test_exit_status_counts_without_a_message_only() -> None:
    """A killed command may have printed nothing; one that printed an error isn't explained by its exit status."""
    assert causes([], 137)[0].id == "exit_killed"
    assert causes([""], 143)[0].id == "exit_stopped"
    assert causes([], 130)[0].id == "exit_stopped"
    assert causes([], 124)[0].id == "exit_timeout"
    assert causes(["boom"], 137)[0].id == ""
    assert causes([], 1) == ()


def test_the_table_is_compiled_once() -> None:
    """The built-in hints are compiled once per process."""
    assert built_in() is built_in()
