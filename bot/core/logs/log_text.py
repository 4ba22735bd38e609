"""A command's output as text to show: its last lines, or the whole log masked and cut to a file's size.

Everything is linear in the length of the text, and texts above `READ_LIMIT` are cut before they're read.
`bot.core.logs.read_log` reads the failures of a log.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.logs.clean import strip_ansi
from bot.core.text.text import cut_middle, size

FILE_LIMIT = 1_000_000
FILE_HEAD = 100_000
# How much of a log is searched for the lines that matter, which are always near its end.
READ_LIMIT = 2_000_000
TAIL_LINES = 40
# How far a cut may move to fall between two lines. A longer line is cut in the middle.
LINE_LIMIT = 10_000
# How far a piece to mask may grow, so that no line, and thus no secret, is split.
PIECE_LIMIT = 1_000_000
_KEY_LIMIT = 16_384
# A line that belongs to the lines above it: indented, or only base64.
_GOES_ON = re.compile(r"[ \t]|[A-Za-z0-9+/=\\]{16,}+[ \t\r]*+(?:\n|\Z)|-----END ")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A whole log, or its first lines and its tail if it's too long (`cut`)."""

    text: str
    cut: bool


def tail(stdout: str, stderr: str, limit: int) -> str:
    """The last lines of an output in at most `limit` characters, stderr after stdout."""
    out = [line.rstrip() for line in strip_ansi(_last(stdout, READ_LIMIT)).split("\n") if line.strip()]
    other = [line.rstrip() for line in strip_ansi(_last(stderr, READ_LIMIT)).split("\n") if line.strip()]
    if not other:
        return _last_lines(out[-TAIL_LINES:], limit)
    if not out:
        return _last_lines(other[-TAIL_LINES:], limit)
    mark = "\n--- stderr ---\n"
    last = _last_lines(other[-TAIL_LINES // 2 :], limit // 2)
    return _last_lines(out[-TAIL_LINES // 2 :], limit - len(last) - len(mark)) + mark + last


def keep(text: str, head: int = FILE_HEAD, tail: int = READ_LIMIT) -> str:
    """Cut a log to the part that can be shown at all, without ANSI codes: its first lines and its tail.

    Reading the rest would take too long. Removing the codes rejoins secrets that contain one, so that the masker sees
    them.
    """
    if len(text) <= head + tail:
        return strip_ansi(text)
    first, last = _first(text, head), _last(text, tail)
    note = f"--- cut here: {len(text) - len(first) - len(last):,} characters are left out ---"
    return f"{strip_ansi(first)}\n\n{note}\n\n{strip_ansi(last)}"


def _first(text: str, limit: int) -> str:
    """The first `limit` characters, up to a line end if one is near."""
    if len(text) <= limit:
        return text
    end = text.rfind("\n", max(0, limit - LINE_LIMIT), limit)
    return text[:end] if end > 0 else text[:limit]


def _last(text: str, limit: int) -> str:
    """The last `limit` characters, from a line start if one is near."""
    if len(text) <= limit:
        return text
    start = len(text) - limit
    line = text.find("\n", start, min(start + LINE_LIMIT, len(text) - 1))
    return text[line + 1 :] if line >= 0 else text[start:]


def mask_in_pieces(text: str, mask: Callable[[str], str], size: int = 65_536) -> str:
    """Mask a log in pieces of whole lines, without splitting a private key.

    A regular expression that runs over a whole log at once would keep all other threads waiting.
    """
    pieces: list[str] = []
    at = 0
    while at < len(text):
        end = _piece_end(text, at, size)
        pieces.append(mask(text[at:end]))
        at = end
    return "".join(pieces)


def _piece_end(text: str, at: int, size: int) -> int:
    if at + size >= len(text):
        return len(text)
    end = _apart(text, _line_end(text, at, size))
    begun = text.rfind("-----BEGIN ", max(at, end - _KEY_LIMIT), end)
    if begun < 0 or text.find("-----END ", begun, end) >= 0:
        return end
    closed = text.find("-----END ", end, begun + _KEY_LIMIT)
    after = text.find("\n", closed, closed + LINE_LIMIT) if closed >= 0 else -1
    return after + 1 if after >= 0 else min(len(text), begun + _KEY_LIMIT)


def _apart(text: str, end: int) -> int:
    """The nearest line end, within a limit, that is not inside a YAML block or a private key."""
    at, limit = end, min(len(text), end + _KEY_LIMIT)
    while at < limit and _GOES_ON.match(text, at):
        line = text.find("\n", at, limit)
        if line < 0:
            return end
        at = line + 1
    return at


def _line_end(text: str, at: int, size: int) -> int:
    """The position after the last line that fits, or else after the first line, or else after a word."""
    inside = text.rfind("\n", at, at + size)
    if inside > at:
        return inside + 1
    limit = max(size, PIECE_LIMIT)
    beyond = text.find("\n", at + size, at + limit)
    if beyond >= 0:
        return beyond + 1
    word = text.rfind(" ", at, at + limit)
    return word + 1 if word > at else min(len(text), at + limit)


def log_file(stdout: str, stderr: str, limit: int = FILE_LIMIT) -> LogFile:
    """The whole log without color codes, stderr after stdout, in at most `limit` bytes of UTF-8 (at least 1,000)."""
    text = strip_ansi(stdout)
    if stderr.strip():
        text = f"{text.rstrip()}\n\n--- stderr ---\n{strip_ansi(stderr)}"
    data = text.encode()
    if len(data) <= limit:
        return LogFile(text or "(no output)\n", cut=False)
    note = f"\n\n--- cut here: the log is longer than {size(limit)}; only its first and last lines are kept ---\n\n"
    head_bytes = min(FILE_HEAD, limit // 10)
    tail_bytes = limit - head_bytes - len(note.encode())
    # A character that is cut in half is dropped.
    head = data[: head_bytes + 1].decode(errors="ignore")
    tail = data[-tail_bytes - 1 :].decode(errors="ignore")
    return LogFile(_first(head, len(head) - 1) + note + _last(tail, len(tail) - 1), cut=True)


def _last_lines(lines: list[str], limit: int) -> str:
    """As many of the last lines as fit, whole ones if possible."""
    text = "\n".join(lines)
    return cut_middle(_last(text, limit), limit) if len(text) > limit else text
