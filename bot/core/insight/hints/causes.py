"""Why a command failed: its failures grouped by hint, the most frequent cause first."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from bot.core.insight.hints.hint import Hint, Table
from bot.core.insight.hints.normalize import normalized
from bot.core.insight.hints.table import HINTS
from bot.core.model.cause import Cause

_FOUND_BY_TESTS = frozenset({"test_failed", "unit_test_failed"})


@cache
def built_in() -> Table:
    """The hints that come with the bot."""
    return Table(HINTS)


def causes(messages: Iterable[str], exit_code: int | None = None, table: Table | None = None) -> tuple[Cause, ...]:
    """The causes of a command's failure, by the messages of its failures: the most frequent first.

    Of two that are equally frequent, an error comes before a test that found bad data. Failures that no hint fits are one
    cause, the last. The exit status counts only if no failure has a message.
    """
    table = table or built_in()
    counts: dict[str, int] = {}
    hints: dict[str, Hint] = {}
    unknown, silent = 0, True
    for message in messages:
        text = normalized(message)
        silent = silent and not text
        hint = table.by_message(text) if text else None
        if hint is None:
            unknown += 1
        else:
            hints[hint.id] = hint
            counts[hint.id] = counts.get(hint.id, 0) + 1
    if silent and (by_exit := table.by_exit_code(exit_code)) is not None:
        return (_cause(by_exit, max(1, unknown)),)
    known = sorted((_cause(hints[id_], count) for id_, count in counts.items()), key=_rank)
    return (*known, *((Cause(unknown),) if unknown else ()))


def _cause(hint: Hint, count: int) -> Cause:
    return Cause(count, hint.id, hint.text, hint.next, hint.retry, hint.runbook)


def _rank(cause: Cause) -> tuple[int, bool]:
    return -cause.count, cause.id in _FOUND_BY_TESTS
