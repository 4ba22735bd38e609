"""Cleaning terminal output: no colors, no control characters, and lines as a person would read them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, count
from operator import add

# Colors and cursor movement, titles and links (which end with the line if nothing else ends them), character sets.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[0-Z\\`-~])")
# Includes byte order marks, and direction marks, which could make a line look different from what it contains.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_UNCLEAN = re.compile(f"{_CONTROL.pattern[:-1]}\r\ud800-\udfff]")
_SPEAKS_OF_ERROR = re.compile(r"error|fail|fatal|exception|denied|refused", re.IGNORECASE)
_NOT_LETTERS = re.compile(r"[\W\d_]+")
# A line redrawn more often than this is a progress bar, whatever words it contains.
_REDRAWN_MOST = 20


def strip_ansi(text: str) -> str:
    """Remove colors and control characters. A redrawn line keeps its last state that isn't blank.

    An earlier state that mentions an error is kept as well, as a line of its own, although later states overwrote it.
    """
    plain = _ANSI.sub("", text) if "\x1b" in text else text
    if not _UNCLEAN.search(plain):
        return plain
    plain = _CONTROL.sub("", _without_utf16_mark(plain))
    if "\r" in plain:
        plain = plain.replace("\r\n", "\n")
    if "\r" in plain:
        plain = "\n".join(_drawn(line) if "\r" in line else line for line in plain.split("\n"))
    return plain if plain.isascii() else _SURROGATE.sub("\ufffd", plain)


def _without_utf16_mark(text: str) -> str:
    """Remove the byte order mark of UTF-16 that was read as bytes.

    The zero byte beside each letter is then removed as a control character.
    """
    if "\x00" in text[:8]:
        return text.removeprefix("\ufffd\ufffd").removeprefix("\xff\xfe").removeprefix("\xfe\xff")
    return text


def _drawn(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    if len(states) < 2:
        return states[0] if states else ""
    last = states.pop()
    kept: dict[str, str] = {}
    for state in states:
        if _SPEAKS_OF_ERROR.search(state):
            kept.setdefault(_NOT_LETTERS.sub("", state), state)
    kept.pop(_NOT_LETTERS.sub("", last), None)
    return "\n".join([*kept.values(), last] if len(kept) <= _REDRAWN_MOST else [last])


class Folded:
    """Lines that can be searched for words, ignoring case, far faster than line by line."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._text = "\n".join(lines).lower()
        self._starts: list[int] = []

    def with_any(self, words: Iterable[str]) -> list[int]:
        """Return the indexes of the lines that contain any of these lowercase words."""
        found: set[int] = set()
        for word in words:
            at = self._text.find(word)
            while at >= 0:
                line = bisect_right(self._begins(), at) - 1
                found.add(line)
                # One match per line is enough.
                at = self._text.find(word, self._starts[line + 1])
        return sorted(found)

    def _begins(self) -> list[int]:
        """The start of each line in the lowercase text. Some letters become longer in lower case."""
        if not self._starts:
            same = self._text.isascii()
            lengths = map(len, self.lines) if same else (len(line.lower()) for line in self.lines)
            # Plus one for each newline. `map` takes a third of the time that a generator takes.
            self._starts = [0, *map(add, accumulate(lengths), count(1))]
        return self._starts
