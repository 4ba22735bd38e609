"""Why a command failed: its failures grouped by hint, the most frequent cause first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from bot.core.insight.hints.hint import Hint, Table
from bot.core.insight.hints.normalize import normalized
from bot.core.insight.hints.table import HINTS
from bot.core.model.cause import Cause, Retry, retry_helps

# They are kept with a run; people see the first few.
CAUSES_MOST = 10
_FOUND_BY_TESTS = frozenset({"test_failed", "unit_test_failed"})


@cache
def built_in() -> Table:
    """The hints that come with the bot."""
    return Table(HINTS)


def causes(messages: Iterable[str], exit_code: int | None = None, table: Table | None = None) -> tuple[Cause, ...]:
    """The causes of a command's failure, by the messages of its failures: the most frequent first, at most CAUSES_MOST.

    Of two that are equally frequent, an error comes before a test that found bad data. Failures that no hint fits, and those
    of the rarest causes, are one without an id, the last. The exit status counts only if no failure has a message.
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
    """One cause for all that are left out or unknown: a retry is useless for it only if it is for each."""
    if not rare and not unknown:
        return ()
    retry = Retry.MAYBE if unknown else retry_helps(rare)
    return (Cause(unknown + sum(cause.count for cause in rare), retry=retry),)


def hint_for(message: str, table: Table) -> Hint | None:
    """The hint that fits a failure's message, None if none does."""
    text = normalized(message)
    return table.by_message(text) if text else None


def _cause(hint: Hint, count: int) -> Cause:
    return Cause(count, hint.id, hint.text, hint.next, hint.retry, hint.runbook)


def _rank(cause: Cause) -> tuple[int, bool]:
    return -cause.count, cause.id in _FOUND_BY_TESTS
