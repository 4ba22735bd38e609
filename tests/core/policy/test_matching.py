"""The commands that a pattern in the policy covers."""

from __future__ import annotations

import pytest

from bot.core.policy.matching import fits_command
from bot.core.policy.rules import (
    UNKNOWN_COMMAND,
)


@pytest.mark.parametrize(
    ("pattern", "command", "fitting"),
    [
        ("dbt run --select *", "dbt run --select staging", True),
        ("dbt run --select *", "dbt run --select staging+", True),
        ("dbt run --select *", "dbt  run   --select  staging", True),
        ("dbt run --select *", "dbt run --select 'a b'", True),
        ("dbt run --select *", "dbt run --select staging --full-refresh", False),
        ("dbt run *", "dbt run --full-refresh", False),
        ("dbt run --*", "dbt run --full-refresh", True),
        ("dbt run * --target ci", "dbt run # --target ci", False),
        ("dbt run --select *", "dbt run --select a*", False),
        ("dbt run --select *", "dbt run --select ~", False),
        ("dbt run --select a*", "dbt run --select a*", True),
        ("**", UNKNOWN_COMMAND, False),
        ("**", "", False),
        ("dbt run --select *", "dbt run --select", False),
        ("dbt run **", "dbt run --select a --full-refresh", True),
        ("dbt run **", "dbt run", True),
        ("dbt run **", "dbt run-operation drop_everything", False),
        ("dbt run **", "dbt", False),
        ("dbt run --select *", "dbt run --select a; rm -rf /", False),
        ("dbt run --select *", "dbt run --select a;rm", False),
        ("dbt run --select *", "dbt run --select $(id)", False),
        ("dbt run --select *", "dbt run --select `id`", False),
        ("dbt run --select *", "dbt run --select a&&id", False),
        ("dbt run --select *", "dbt run --select a|sh", False),
        ("dbt run --select *", "dbt run --select a>b", False),
        ("dbt run --select *", "dbt run --select a\nid", False),
        ("dbt run --select *", "dbt run --select 'a", False),
        ("dbt run **", "dbt run --vars '{a: 1}'", False),
        ("dbt run --vars '{a: 1}'", "dbt run --vars '{a: 1}'", True),
        ("**", "anything at all", True),
    ],
)
def test_a_pattern_fits_word_for_word(pattern: str, command: str, *, fitting: bool) -> None:
    """A command that a shell wouldn't read as plain words matches only an identical pattern."""
    assert fits_command(pattern, command) is fitting
