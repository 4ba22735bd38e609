"""A deployment's own patterns for secrets. They're checked and bounded, because a running match can't be interrupted.

A pattern is tried at each position of a text. A repeat without an upper bound is accepted only at the end of the
pattern, where it never backtracks. All other repeats and their product are bounded, so at each position a pattern
takes at most `STEPS_MOST` steps (`[a-z]{8,40}-[a-z]{8,40}` may need 1,400). The time is therefore linear in the length
of the text, even for hostile text. In practice, most patterns fail at their first letter at almost all positions.
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
# Larger than any text, so it means that there's no upper bound.
ENDLESS = 100_000

# A part of a pattern as the standard library parses it: its kind and its arguments.
Part = tuple[Any, Any]


class PatternError(ValueError):
    """A pattern was rejected. The message gives the pattern's number and the reason, never its text."""


class _NotTaken(Exception):  # noqa: N818 - a reason, which never leaves this file
    """The reason why a pattern was rejected."""


@dataclass(frozen=True, slots=True)
class _Cost:
    """Cost of matching: how many ways there are to match a text, and the most steps that one attempt takes."""

    ways: int = 1
    steps: int = 1


def read_patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """Read patterns, one per line, skipping blank lines. Raises PatternError."""
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
            # Patterns that make Python warn are usually mistakes.
            warnings.simplefilter("error")
            pattern = re.compile(line, re.MULTILINE)
            # There's no public API for the parts of a pattern.
            parsed = importlib.import_module("re._parser").parse(line, re.MULTILINE)
    except (re.error, OverflowError, RecursionError, Warning):
        raise _NotTaken("isn't a valid one") from None
    if parsed.getwidth()[0] == 0:
        raise _NotTaken("also matches an empty string")
    if _cost(parsed, last=True).steps > STEPS_MOST:
        raise _NotTaken("could take too many steps to match: use fewer or shorter repeats")
    return pattern


def _cost(parts: Sequence[Part], *, last: bool) -> _Cost:
    """The cost of parts in sequence: each part is tried once for every way in which the parts before it matched."""
    ways, steps = 1, 0
    for at, (kind, given) in enumerate(parts):
        one = _cost_of(str(kind), given, last=last and at == len(parts) - 1)
        steps += ways * one.steps
        ways *= one.ways
        if steps > STEPS_MOST:
            return _Cost(ways, steps)
    return _Cost(ways, steps)


def _cost_of(kind: str, given: Any, *, last: bool) -> _Cost:  # noqa: ANN401 - each kind of part has its own shape
    match kind:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            cost = _repeated(_cost(given[2], last=False), int(given[0]), int(given[1]), last=last)
            return _Cost(1, cost.steps) if kind == "POSSESSIVE_REPEAT" else cost
        case "BRANCH":
            return _either(_cost(branch, last=last) for branch in given[1])
        case "SUBPATTERN":
            return _cost(given[3], last=last)
        case "ASSERT" | "ASSERT_NOT":
            # A lookaround consumes nothing, so the text that it matched is read again.
            return _Cost(1, _cost(given[1], last=False).steps)
        case "ATOMIC_GROUP":
            return _Cost(1, _cost(given, last=last).steps)
        case "GROUPREF" | "GROUPREF_IGNORE" | "GROUPREF_EXISTS":
            raise _NotTaken("refers back to a group, which isn't supported here")
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
            raise _NotTaken("has an unbounded repeat before its end: give that repeat an upper bound, as in {8,40}")
        # The characters beyond the minimum are never read again.
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
