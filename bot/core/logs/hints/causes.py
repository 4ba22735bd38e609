"""Causes of a command's failure: its failures grouped by hint, the most frequent first.

`retry_helps` in `bot.core.model.cause` decides whether a retry can help.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from bot.core.logs.hints.hint import Hint, Table
from bot.core.logs.hints.normalize import normalized
from bot.core.logs.hints.table import HINTS
from bot.core.model.cause import Cause, Retry, retry_helps

# All of these are stored with the run; people see the first few.
CAUSES_MOST = 10
_FOUND_BY_TESTS = frozenset({"test_failed", "unit_test_failed"})


@cache
def built_in() -> Table:
    """The table of hints that come with the bot."""
    return Table(HINTS)


def causes(messages: Iterable[str], exit_code: int | None = None, table: Table | None = None) -> tuple[Cause, ...]:
    """Group a command's failures into causes by their messages, the most frequent first, at most CAUSES_MOST.

    Of equally frequent causes, errors come before tests that found bad data. Failures that match no hint, and those
    beyond the limit, form one last cause without an id. The exit status counts only if no failure has a message.
    """
    table = table or built_in()
    counts: Counter[Hint] = Counter()
    seen: dict[str, Hint | None] = {}
    unknown, silent = 0, True
    for message in messages:
        text = normalized(message)
        silent = silent and not text
        if text not in seen:
            seen[text] = table.by_message(text) if text else None
        if (hint := seen[text]) is None:
            unknown += 1
        else:
            counts[hint] += 1
    if silent and (by_exit := table.by_exit_code(exit_code)) is not None:
        return (_cause(by_exit, max(1, unknown)),)
    known = sorted((_cause(hint, count) for hint, count in counts.items()), key=_rank)
    return (*known[:CAUSES_MOST], *_others(known[CAUSES_MOST:], unknown))


def _others(rare: Sequence[Cause], unknown: int) -> tuple[Cause, ...]:
    """Combine rare and unknown causes into one, for which a retry is useless only if it's useless for each of them."""
    if not rare and not unknown:
        return ()
    retry = Retry.MAYBE if unknown else retry_helps(rare)
    return (Cause(unknown + sum(cause.count for cause in rare), retry=retry),)


def hint_for(message: str, table: Table) -> Hint | None:
    """The hint that matches a failure's message, or None if none does."""
    text = normalized(message)
    return table.by_message(text) if text else None


def _cause(hint: Hint, count: int) -> Cause:
    return Cause(count, hint.id, hint.text, hint.next, hint.retry, hint.runbook)


def _rank(cause: Cause) -> tuple[int, bool]:
    return -cause.count, cause.id in _FOUND_BY_TESTS
