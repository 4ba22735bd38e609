"""A team's own hints (`BOLT_BOT_HINTS_FILE`). Their patterns run in RE2, whose time is linear in the text.

The format is read in `bot.core.logs.hints.file`; the built-in hints are in `bot.core.logs.hints.table`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.core.logs.hints.causes import built_in
from bot.core.logs.hints.file import HintsFileError, PatternError, read_hints
from bot.core.logs.hints.hint import OwnHint, Table

INSTALL = "pip install 'bolt-bot[hints]'"
# Maximum program size of a compiled pattern: RE2 takes at most this many steps per character.
STEPS_MOST = 2_000


@dataclass(frozen=True, slots=True)
class _Re2Pattern:
    """A compiled pattern that can search any text. Patterns with the same text are equal."""

    text: str
    _pattern: Any = field(compare=False, repr=False)

    def search(self, text: str, /) -> bool:
        """Whether the pattern is found in the text."""
        try:
            return self._pattern.search(text) is not None
        except UnicodeEncodeError:
            # A lone surrogate, which JSON can contain: RE2 reads UTF-8.
            return self._pattern.search(text.encode(errors="replace").decode()) is not None


def load_hint_table(file: str | Path | None, mask: Callable[[str], str]) -> Table:
    """Load the built-in hints and, before them, those of a file if one is given. Raises HintsFileError."""
    return built_in().with_own(load_own_hints(file, mask))


def load_own_hints(file: str | Path | None, mask: Callable[[str], str]) -> tuple[OwnHint, ...]:
    """Load the hints in a file, or an empty tuple if no file is given. Raises HintsFileError."""
    if file is None:
        return ()
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = (error.strerror or "no reason given") if isinstance(error, OSError) else "it isn't UTF-8 text"
        raise HintsFileError((f"the file can't be read ({why})",)) from None
    return read_hints(text, _compiler(), mask)


def _compiler() -> Callable[[str], _Re2Pattern]:
    """Return a function that compiles patterns. Raises HintsFileError if RE2 isn't installed."""
    try:
        re2: Any = import_module("re2")
    except ImportError:
        raise HintsFileError((f"its patterns need RE2, which isn't installed: {INSTALL}",)) from None
    options = re2.Options()
    options.log_errors = False
    # The bot only has to know whether a pattern matches. Without groups, RE2 doesn't need a second pass.
    options.never_capture = True

    def compile_pattern(text: str) -> _Re2Pattern:
        try:
            compiled = re2.compile(text, options)
        except re2.error as error:
            raise PatternError(f"RE2 can't read it: {_reason(error)}") from None
        except UnicodeEncodeError:
            raise PatternError("it contains an incomplete Unicode character (half of a surrogate pair)") from None
        if compiled.programsize > STEPS_MOST:
            raise PatternError("its repeat counts are too large; use smaller ones, or * and +")
        if compiled.search("") is not None:
            raise PatternError(
                "it matches every message, even an empty one; use . to match any message that isn't empty"
            )
        return _Re2Pattern(text, compiled)

    return compile_pattern


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
