"""A hint, and the table of hints.

`bot.core.views.hint` shows hints, and `bot.core.logs.hints.causes` decides which one comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Protocol

from bot.core.model.cause import Retry
from bot.core.text.name_folding import fold


class Matcher(Protocol):
    """A compiled pattern."""

    def search(self, text: str, /) -> object:
        """Return something truthy if the pattern is found anywhere in the text."""


# A character from Unicode's private use area, which no name contains.
_ANY = "\ue000"


@dataclass(frozen=True, slots=True)
class Hint:
    """The meaning of a message (`text`) and the next step (`next`), each a sentence in plain words.

    A hint matches by one of its `patterns`, or, if the failure has no message, by one of its `exit_codes`. `engines`
    lists the systems whose messages it covers; `runbook` is an https URL, which only a team's own hints have.
    """

    id: str
    kind: str
    engines: str
    text: str
    next: str
    retry: Retry
    patterns: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = ()
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class OwnHint:
    """A team's own hint.

    With a `schedule`, it applies only to schedules whose name or slug matches; `*` and `?` are wildcards.
    """

    hint: Hint
    matcher: Matcher
    schedule: str = ""

    def applies_to(self, names: tuple[str, ...]) -> bool:
        """Whether the hint applies to a schedule with these names, which are folded as in lookups."""
        # Folding drops a question mark at the end of a name, but here it's a wildcard.
        wanted = fold(self.schedule.replace("?", _ANY)).replace("[", "[[]").replace(_ANY, "?")
        return not self.schedule or any(fnmatchcase(fold(name), wanted) for name in names if name)


@dataclass(frozen=True, slots=True)
class Table:
    """Hints with their compiled patterns, in order: the first match wins, and a team's `own` hints come first."""

    hints: tuple[Hint, ...]
    own: tuple[OwnHint, ...] = ()
    # One regular expression per pattern: Python searches for the first letters of a single pattern quickly, but not for
    # those of alternatives.
    _compiled: tuple[tuple[Hint, re.Pattern[str]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        compiled = tuple((hint, re.compile(pattern)) for hint in self.hints for pattern in hint.patterns)
        object.__setattr__(self, "_compiled", compiled)

    def with_own(self, own: tuple[OwnHint, ...]) -> Table:
        """The same table with a team's own hints."""
        return replace(self, own=own) if own != self.own else self

    def for_schedule(self, *names: str) -> Table:
        """The table without the team's own hints for other schedules. `names`: the name and slug, or "" if unknown."""
        return self.with_own(tuple(row for row in self.own if row.applies_to(names)))

    def by_message(self, message: str) -> Hint | None:
        """The first hint that matches a normalized message."""
        own = (row.hint for row in self.own if row.matcher.search(message))
        ours = (hint for hint, pattern in self._compiled if pattern.search(message))
        return next(own, None) or next(ours, None)

    def by_exit_code(self, exit_code: int | None) -> Hint | None:
        """The hint for the exit status of a command that printed no error."""
        return next((hint for hint in self.hints if exit_code in hint.exit_codes), None)
