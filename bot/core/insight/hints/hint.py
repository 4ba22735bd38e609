"""One row of the table of hints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.core.model.cause import Retry


@dataclass(frozen=True, slots=True)
class Hint:
    """What a message means (`text`), and what to do (`next`), a sentence each in plain words.

    A hint fits by one of its `patterns`, or, if the failure has no message, by one of its `exit_codes`. `engines` says
    whose messages they are; `runbook` is an https address, which only a team's own hints have.
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
class Table:
    """Hints with their compiled patterns, in order: the first that fits wins."""

    hints: tuple[Hint, ...]
    # Each pattern by itself: Python looks for a pattern's first letters at once, but not for those of one of many.
    _compiled: tuple[tuple[Hint, re.Pattern[str]], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        compiled = tuple((hint, re.compile(pattern)) for hint in self.hints for pattern in hint.patterns)
        object.__setattr__(self, "_compiled", compiled)

    def by_message(self, message: str) -> Hint | None:
        """The first hint that fits a normalized message."""
        return next((hint for hint, pattern in self._compiled if pattern.search(message)), None)

    def by_exit_code(self, exit_code: int | None) -> Hint | None:
        """The hint for an exit status of a command that printed no error."""
        return next((hint for hint in self.hints if exit_code in hint.exit_codes), None)
