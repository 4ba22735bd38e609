"""A finding of the doctor: one sentence, its severity, and a fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `check` names what was checked, in the same words in every version.

    `sentence` says what was found. If something can't be checked, that's a warning with the words "not checked", never
    ok. `fix` says what to do, and is empty only if the level is ok. Both are masked before they're shown.
    """

    check: str
    level: Level
    sentence: str
    fix: str = ""

    def __post_init__(self) -> None:
        """Check that there's a fix unless the level is ok."""
        if (self.level == "ok") != (not self.fix):
            raise ValueError("A finding has a fix, unless it's ok.")


def ok(check: str, sentence: str) -> Finding:
    """Return a finding that needs no attention."""
    return Finding(check, "ok", sentence)


def warning(check: str, sentence: str, fix: str) -> Finding:
    """Return a finding that doesn't stop the bot, but keeps it from working as well as it should."""
    return Finding(check, "warning", sentence, fix)


def problem(check: str, sentence: str, fix: str) -> Finding:
    """Return a finding about something that keeps the bot from starting or from doing its job."""
    return Finding(check, "problem", sentence, fix)
