"""Why a command failed: its failures grouped by hint, the most frequent cause first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from bot.core.insight.hints.hint import Hint, Retry, Table
from bot.core.insight.hints.normalize import normalized
from bot.core.insight.hints.table import HINTS

_FOUND_BY_TESTS = frozenset({"test_failed", "unit_test_failed"})


@dataclass(frozen=True, slots=True)
class Cause:
    """What some failures have in common. `hint` is None for those that no hint fits; `count` is how many there are."""

    hint: Hint | None
    count: int


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
        return (Cause(by_exit, max(1, unknown)),)
    known = sorted((Cause(hints[id_], count) for id_, count in counts.items()), key=_rank)
    return (*known, *((Cause(None, unknown),) if unknown else ()))


def _rank(cause: Cause) -> tuple[int, bool]:
    return -cause.count, cause.hint is not None and cause.hint.id in _FOUND_BY_TESTS


def retry_helps(found: Iterable[Cause]) -> Retry:
    """Whether running the same again can help: `NO` only if every cause says so, `MAYBE` if nobody knows."""
    said = {cause.hint.retry if cause.hint else Retry.MAYBE for cause in found}
    if not said:
        return Retry.MAYBE
    if len(said) == 1:
        return said.pop()
    return Retry.MAYBE
