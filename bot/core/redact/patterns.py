"""The patterns of what else a deployment calls secret: read, and bounded, for nobody can end one that runs away.

A pattern is tried at each place of a text. A repeat without an upper bound is taken only where nothing follows it, so that
what it took is never given back; all others are bounded, and so is what they come to together: at each place a pattern takes
at most `STEPS_MOST` steps, of which `[a-z]{8,40}-[a-z]{8,40}` may need 1,400. So the time is linear in the text, whatever
the text is. That is the bound, not the rule: most patterns fail at their first letter, at almost all places.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

PATTERNS_MOST = 50
LENGTH_MOST = 500
STEPS_MOST = 5_000
# More than any text has: no bound.
ENDLESS = 100_000

# A part of a pattern as the standard library reads it: its kind, and what belongs to that.
Part = tuple[Any, Any]


class PatternError(ValueError):
    """A pattern cannot be taken. The message says which, by its number, and why; never its text."""


class _NotTaken(Exception):  # noqa: N818 - a reason, which never leaves this file
    """What is the matter with a pattern."""


@dataclass(frozen=True, slots=True)
class _Cost:
    """In how many ways something can take a text, and the most steps that one attempt at it needs."""

    ways: int = 1
    steps: int = 1


def read_patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of a text, one a line; blank lines are passed over. Raises PatternError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > PATTERNS_MOST:
        raise PatternError(f"have at most {PATTERNS_MOST} patterns, one per line")
    patterns = []
    for number, line in enumerate(lines, 1):
        try:
            patterns.append(_read(line))
        except _NotTaken as reason:
            raise PatternError(f"be regular expressions, one per line: number {number} {reason}") from None
    return tuple(patterns)


def _read(line: str) -> re.Pattern[str]:
    if len(line) > LENGTH_MOST:
        raise _NotTaken(f"is longer than {LENGTH_MOST} characters")
    try:
        with warnings.catch_warnings():
            # What Python only warns of is most often a slip.
            warnings.simplefilter("error")
            pattern = re.compile(line, re.MULTILINE)
            # Nothing public tells of a pattern's parts.
            parsed = importlib.import_module("re._parser").parse(line, re.MULTILINE)
    except (re.error, OverflowError, RecursionError, Warning):
        raise _NotTaken("is none") from None
    if parsed.getwidth()[0] == 0:
        raise _NotTaken("matches the empty text as well")
    if _cost(parsed, last=True).steps > STEPS_MOST:
        raise _NotTaken("needs too many steps: it should have fewer or shorter repeats")
    return pattern


def _cost(parts: Sequence[Part], *, last: bool) -> _Cost:
    """Of parts one after another: what follows a part is tried anew for each way in which that took the text."""
    ways, steps = 1, 0
    for at, (kind, given) in enumerate(parts):
        one = _cost_of(str(kind), given, last=last and at == len(parts) - 1)
        steps += ways * one.steps
        ways *= one.ways
        if steps > STEPS_MOST:
            return _Cost(ways, steps)
    return _Cost(ways, steps)


def _cost_of(kind: str, given: Any, *, last: bool) -> _Cost:  # noqa: ANN401 - each kind of part is of its own shape
    match kind:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            cost = _repeated(_cost(given[2], last=False), int(given[0]), int(given[1]), last=last)
            return _Cost(1, cost.steps) if kind == "POSSESSIVE_REPEAT" else cost
        case "BRANCH":
            return _either(_cost(branch, last=last) for branch in given[1])
        case "SUBPATTERN":
            return _cost(given[3], last=last)
        case "ASSERT" | "ASSERT_NOT":
            # What it looked at is looked at again from the next place.
            return _Cost(1, _cost(given[1], last=False).steps)
        case "ATOMIC_GROUP":
            return _Cost(1, _cost(given, last=last).steps)
        case "GROUPREF" | "GROUPREF_IGNORE" | "GROUPREF_EXISTS":
            raise _NotTaken("refers back to a group, which is not taken here")
        case _:
            return _Cost()


def _either(costs: Iterable[_Cost]) -> _Cost:
    ways = steps = 0
    for cost in costs:
        ways += cost.ways
        steps += cost.steps
    return _Cost(ways, steps)


def _repeated(once: _Cost, least: int, most: int, *, last: bool) -> _Cost:
    if most >= ENDLESS:
        if not last:
            raise _NotTaken("has a repeat without an upper bound that does not end it: give it one, as in {8,40}")
        # What it takes beyond the least is not read again.
        return _repeated(once, least, max(1, least), last=last)
    if once.ways == 1:
        return _Cost(most - least + 1, max(1, most) * once.steps)
    ways = steps = 0
    reached = 1
    for times in range(most + 1):
        ways += reached if times >= least else 0
        steps += reached * once.steps
        reached *= once.ways
        if steps > STEPS_MOST:
            break
    return _Cost(ways, steps)
