"""Recognizing the same error in another run: by what failed and why, ignoring details that change from run to run.

`bot.core.watching.incident_life` decides whether a new error gets a post in the incident's thread.
"""

from __future__ import annotations

import hashlib
import re

from bot.core.logs.hints.normalize import normalized
from bot.core.model.run_end import RunError
from bot.core.text.text import cut

LINE_KEPT = 200
NAME_KEPT = 150
KEY_LENGTH = 16

# Parts that differ between two runs with the same error. The order matters: addresses and paths contain numbers.
_CHANGING = tuple(
    re.compile(pattern)
    for pattern in (
        r"https?://\S{1,500}",
        r"(?:[\w.~-]{0,100}/){1,30}[\w.~-]{1,100}",
        r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
        r"'[^'\n]{0,300}'|\"[^\"\n]{0,300}\"|`[^`\n]{0,300}`",
        r"\b0x[0-9a-fA-F]{1,40}\b|\b(?=[0-9a-f]{0,39}\d)[0-9a-f]{7,40}\b",
        r"\d[\d.,:_-]{0,60}",
    )
)
_SPACE = re.compile(r"\s+")


def error_of(name: str, message: str, *, hint: str = "") -> RunError:
    """The error of a failed node or command. `hint` is the id of its hint, which says more than the message."""
    lines = normalized(message).split("\n")
    return RunError(_key(name, hint or same_words(lines[0])), cut(name, NAME_KEPT), cut(lines[0], LINE_KEPT))


def unread_error(command: str, return_code: int | None) -> RunError:
    """The error of a command whose log can't be read: its return code is all that's known."""
    return RunError(_key(command, f"exit {return_code}"), cut(command, NAME_KEPT), "")


def same_words(line: str) -> str:
    """A line without numbers, quoted values, times, paths and ids: the same error gives the same line in any run."""
    for pattern in _CHANGING:
        line = pattern.sub("#", line)
    return _SPACE.sub(" ", line).strip().lower()


def _key(name: str, what: str) -> str:
    return hashlib.sha256(f"{name}\n{what}".encode()).hexdigest()[:KEY_LENGTH]
