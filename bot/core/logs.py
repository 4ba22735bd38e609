"""Reading a command's output: the lines that matter, and the whole of it cut to the size of a file.

dbt writes its errors to stdout, between `Completed with N errors` (or `Encountered an error:`) and `Done.`, one
block a failure. Its lines begin with a time of day; the continuation of a message does not. Where nothing of that
is recognised, the tail serves: from the last traceback on where there is one, of the stream that tells of an error.
Everything is linear in the text, and texts above `READ_LIMIT` are cut before they are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.core.run import FailedNode
from bot.core.text import cut, cut_middle, plural, size

FILE_LIMIT = 1_000_000
FILE_HEAD = 100_000
# What is looked at for the lines that matter: they stand near the end of any log.
READ_LIMIT = 2_000_000
TAIL_LINES = 40
SUMMARY_LIMIT = 120
# How far a cut may move to fall between two lines. A line that is longer is cut inside.
LINE_LIMIT = 10_000
# A piece to be masked may grow that far, so that no line and with it no secret is taken apart.
PIECE_LIMIT = 1_000_000
_KEY_LIMIT = 16_384
# A line that belongs to what stands above it: indented, or of base64 alone.
_GOES_ON = re.compile(r"[ \t]|[A-Za-z0-9+/=\\]{16,}+[ \t\r]*+(?:\n|\Z)|-----END ")

# Colours and cursor, titles and links (which a line's end ends, where nothing else does), character sets.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[0-Z\\`-~])")
# With the marks that turn the direction of writing: a line could show another text than it holds.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# 21:05:13, and with --log-level debug its level and thread.
_TIME = re.compile(r"^\d{2}:\d{2}:\d{2}(?:\.\d+)? {1,2}(?:\[\w+ *\] \[[^\]\n]{1,60}\]: )?")
_BEGIN = re.compile(r"^(?:Completed with \d+ errors?\b|Encountered an error:)")
_WITHOUT_ERRORS = re.compile(r"^Completed with 0 errors\b")
_DONE = re.compile(r"^Done\.(?: PASS=.*)?$")
_HEAD = re.compile(
    r"^(?P<what>Failure in|(?:\w+ )*Error in|Warning in) (?P<kind>\w+) (?P<name>\S+)(?: \((?P<path>[^)]*)\))?"
)
_WARNING = "Warning in"
_COUNTS = re.compile(r"\b(WARN|ERROR|SKIP|TOTAL)=(\d+)")
_COMPILED = re.compile(r"^\s*compiled code at ")
_REPEATED_HEAD = re.compile(r"^(?:\w+ )+Error in \w+ \S+")
_TRACEBACK = re.compile(r"^\s*Traceback \(most recent call last\):")
# Between the tracebacks of one chain stands a sentence.
_CHAINED = re.compile(r"^\s*(?:During handling of the above|The above exception was the direct cause)")
_TELLS_OF_ERROR = re.compile(
    r"error|fail|fatal|exception|traceback|denied|refused|not found|no such|cannot", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The lines that matter, at most so many characters, and what they come to in a few words.

    `kind` says what they are: `dbt` (its own report), `traceback` or `tail`.
    """

    lines: str
    summary: str | None = None
    nodes: tuple[FailedNode, ...] = ()
    kind: Literal["dbt", "traceback", "tail"] = "tail"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A whole log, or its first lines and its tail where it is too long (`cut`)."""

    text: str
    cut: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """One failure or warning: its heading and the lines under it."""

    kind: str
    name: str
    warns: bool
    lines: tuple[str, ...]

    @property
    def message(self) -> str:
        """What went wrong, without the heading and the path of the compiled code."""
        body = [line.strip() for line in self.lines[1:] if line.strip() and not _COMPILED.match(line)]
        return " ".join(line for line in body if not _REPEATED_HEAD.match(line))


def strip_ansi(text: str) -> str:
    """Without colour codes and control characters; a line that was drawn over keeps its last state."""
    plain = _ANSI.sub("", text).replace("\r\n", "\n")
    if "\r" in plain:
        plain = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in plain.split("\n"))
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", plain))


def excerpt(stdout: str, stderr: str, limit: int) -> Excerpt:
    """The lines of a failed command's output that matter, in at most `limit` characters."""
    lines = strip_ansi(_last(stdout, READ_LIMIT)).split("\n")
    found = _dbt(lines)
    if found is not None:
        return _dbt_excerpt(*found, limit)
    return _tail(_telling(lines, strip_ansi(_last(stderr, READ_LIMIT)).split("\n")), limit)


def tail(stdout: str, stderr: str, limit: int) -> str:
    """The last lines of an output, at most `limit` characters; those of stderr behind those of stdout."""
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
    """What of a log can be shown at all, without ANSI codes: its first lines and its tail.

    The rest is not worth the time it takes to read. A secret with a colour code inside is whole again for the masker.
    """
    if len(text) <= head + tail:
        return strip_ansi(text)
    first, last = _first(text, head), _last(text, tail)
    note = f"--- cut here: {len(text) - len(first) - len(last):,} characters are left out ---"
    return f"{strip_ansi(first)}\n\n{note}\n\n{strip_ansi(last)}"


def _first(text: str, limit: int) -> str:
    """The first `limit` characters, to the end of a line where one is near."""
    if len(text) <= limit:
        return text
    end = text.rfind("\n", max(0, limit - LINE_LIMIT), limit)
    return text[:end] if end > 0 else text[:limit]


def _last(text: str, limit: int) -> str:
    """The last `limit` characters, from the beginning of a line where one is near."""
    if len(text) <= limit:
        return text
    start = len(text) - limit
    line = text.find("\n", start, min(start + LINE_LIMIT, len(text) - 1))
    return text[line + 1 :] if line >= 0 else text[start:]


def mask_in_pieces(text: str, mask: Callable[[str], str], size: int = 65_536) -> str:
    """Masked in pieces that end with a line, and never inside a private key: masking a whole log would stop all else."""
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
    """The next end of a line, within a bound, behind which nothing goes on that began before: no block of YAML, no key."""
    place, limit = end, min(len(text), end + _KEY_LIMIT)
    while place < limit and _GOES_ON.match(text, place):
        line = text.find("\n", place, limit)
        if line < 0:
            return end
        place = line + 1
    return place


def _line_end(text: str, at: int, size: int) -> int:
    """Behind the last line that fits; behind the first one where none fits; behind a word where that has no end."""
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
    """The whole log without colour codes, stderr behind stdout, at most `limit` bytes of UTF-8 (1,000 at the least)."""
    text = strip_ansi(stdout)
    if stderr.strip():
        text = f"{text.rstrip()}\n\n--- stderr ---\n{strip_ansi(stderr)}"
    data = text.encode()
    if len(data) <= limit:
        return LogFile(text or "(no output)\n", cut=False)
    note = f"\n\n--- cut here: the log is longer than {size(limit)}; its first lines and its tail are kept ---\n\n"
    head_bytes = min(FILE_HEAD, limit // 10)
    tail_bytes = limit - head_bytes - len(note.encode())
    # What is cut inside a character loses it.
    head = data[: head_bytes + 1].decode(errors="ignore")
    tail = data[-tail_bytes - 1 :].decode(errors="ignore")
    return LogFile(_first(head, len(head) - 1) + note + _last(tail, len(tail) - 1), cut=True)


def _telling(stdout: list[str], stderr: list[str]) -> list[str]:
    """The stream that tells what went wrong: stderr, unless only stdout speaks of an error."""
    out = [line.rstrip() for line in stdout if line.strip()]
    other = [line.rstrip() for line in stderr if line.strip()]
    if not other:
        return out
    speaks = any(_TELLS_OF_ERROR.search(line) for line in other[-TAIL_LINES:])
    return other if speaks or not any(_TELLS_OF_ERROR.search(line) for line in out[-TAIL_LINES:]) else out


def _tail(lines: list[str], limit: int) -> Excerpt:
    """The last lines; from the last traceback on, with the ones that it is chained to, where there is one."""
    start = _traceback(lines)
    if start is None:
        return Excerpt(_last_lines(lines[-TAIL_LINES:], limit))
    shown = lines[start:]
    final = next((line for line in shown[1:] if line and not line.startswith((" ", "\t"))), None)
    chained = any(_CHAINED.match(line) for line in shown)
    summary = cut(final.strip(), SUMMARY_LIMIT) if final and not chained else None
    return Excerpt(cut_middle("\n".join(shown), limit), summary, kind="traceback")


def _traceback(lines: list[str]) -> int | None:
    begins = [at for at, line in enumerate(lines) if _TRACEBACK.match(line)]
    if not begins:
        return None
    start = begins.pop()
    while begins and any(_CHAINED.match(line) for line in lines[max(begins[-1], start - 3) : start]):
        start = begins.pop()
    return start


def _last_lines(lines: list[str], limit: int) -> str:
    """As many of the last lines as fit, whole ones where possible."""
    text = "\n".join(lines)
    return cut_middle(_last(text, limit), limit) if len(text) > limit else text


def _dbt(lines: list[str]) -> tuple[list[_Block], list[str], dict[str, int]] | None:
    """The blocks of the last failure report, its plain lines, and the counts of `Done.`; None where there is none."""
    plain = [_TIME.sub("", line) for line in lines]
    begins = [at for at, line in enumerate(plain) if _BEGIN.match(line)]
    start = begins[-1] if begins else _first_heading(plain)
    if start is None or (begins and _WITHOUT_ERRORS.match(plain[start])):
        return None
    end = next((at for at in reversed(range(start, len(plain))) if _DONE.match(plain[at])), len(plain))
    counts = {name: int(count) for name, count in _COUNTS.findall(plain[end])} if end < len(plain) else {}
    return _blocks(plain[start:end]), plain[start:end], counts


def _first_heading(plain: list[str]) -> int | None:
    """`dbt source freshness` has no line that says what it completed with."""
    return next((at for at, line in enumerate(plain) if (head := _HEAD.match(line)) and head["what"] != _WARNING), None)


def _blocks(lines: list[str]) -> list[_Block]:
    blocks: list[_Block] = []
    heads = [at for at, line in enumerate(lines) if _HEAD.match(line)]
    for at, until in zip(heads, [*heads, len(lines)][1:], strict=True):
        head = _HEAD.match(lines[at])
        if head is not None:
            body = tuple(line.rstrip() for line in lines[at:until])
            blocks.append(_Block(head["kind"], head["name"], head["what"] == _WARNING, body))
    return blocks


def _dbt_excerpt(blocks: list[_Block], lines: list[str], counts: dict[str, int], limit: int) -> Excerpt:
    failures = [block for block in blocks if not block.warns]
    if not failures:
        text = "\n".join(line.rstrip() for line in lines if line.strip())
        return Excerpt(cut_middle(text, limit), _first_words(lines), kind="dbt")
    room = limit
    shown: list[str] = []
    for number, block in enumerate(failures):
        text = _joined(block)
        share = max(200, room // min(3, len(failures) - number))
        piece = cut_middle(text, min(share, room))
        if number and len(piece) + 2 > room - 40:
            shown.append(f"… and {plural(len(failures) - number, 'more failure')}")
            break
        shown.append(piece)
        room -= len(piece) + 2
    nodes = tuple(_node(block) for block in failures)
    return Excerpt(cut_middle("\n\n".join(shown), limit), _summary(failures, counts), nodes, "dbt")


def _joined(block: _Block) -> str:
    lines = [line for line in block.lines if line.strip()]
    return "\n".join(lines)


def _node(block: _Block) -> FailedNode:
    failed_test = block.kind == "test" and block.message.startswith("Got ")
    return FailedNode("FAIL" if failed_test else "ERROR", block.name, block.kind, block.message[:300])


def _summary(failures: list[_Block], counts: dict[str, int]) -> str:
    """`2 tests failed, 1 model failed, 4 skipped`."""
    kinds: dict[str, int] = {}
    for block in failures:
        kind = block.kind.replace("_", " ")
        kinds[kind] = kinds.get(kind, 0) + 1
    parts = [f"{plural(count, kind)} failed" for kind, count in kinds.items()]
    if len(kinds) == 1 and counts.get("TOTAL") and next(iter(kinds)) == "test" and not counts.get("SKIP"):
        parts = [f"{next(iter(kinds.values()))} of {plural(counts['TOTAL'], 'test')} failed"]
    if counts.get("SKIP"):
        parts.append(f"{counts['SKIP']} skipped")
    return ", ".join(parts)


def _first_words(lines: list[str]) -> str | None:
    """What an error without blocks is called: the line behind `Encountered an error:`."""
    words = [line.strip() for line in lines[1:] if line.strip()]
    return cut(words[0], SUMMARY_LIMIT) if words else None
