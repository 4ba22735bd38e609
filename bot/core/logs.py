"""Reading a command's output: the lines that matter, and the whole of it cut to the size of a file.

dbt writes its errors to stdout, between `Completed with N errors` (or `Encountered an error:`) and `Done.`, one
block a failure. Its lines begin with a time of day; the continuation of a message does not. Where nothing of that
is recognised, the tail serves.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.run import FailedNode
from bot.core.text import cut_middle, plural

FILE_LIMIT = 1_000_000
FILE_HEAD = 100_000
# What is looked at for the lines that matter: they stand near the end of any log.
READ_LIMIT = 2_000_000
TAIL_LINES = 40
_KEY_LIMIT = 16_384

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TIME = re.compile(r"^\d{2}:\d{2}:\d{2}(?:\.\d+)? {1,2}")
_BEGIN = re.compile(r"^(?:Completed with \d+ errors?\b|Encountered an error:)")
_DONE = re.compile(r"^Done\.(?: PASS=.*)?$")
_HEAD = re.compile(
    r"^(?P<what>Failure in|(?:\w+ )*Error in|Warning in) (?P<kind>\w+) (?P<name>\S+)(?: \((?P<path>[^)]*)\))?"
)
_COUNTS = re.compile(r"\b(WARN|ERROR|SKIP|TOTAL)=(\d+)")
_COMPILED = re.compile(r"^\s*compiled code at ")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The lines that matter, at most so many characters, and what they come to in a few words."""

    lines: str
    summary: str | None = None
    nodes: tuple[FailedNode, ...] = ()


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
        return " ".join(line for line in body if not line.startswith("Runtime Error in"))


def strip_ansi(text: str) -> str:
    """Without colour codes and control characters; a line that was drawn over keeps its last state."""
    plain = _ANSI.sub("", text).replace("\r\n", "\n")
    if "\r" in plain:
        plain = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in plain.split("\n"))
    return _CONTROL.sub("", plain)


def excerpt(stdout: str, stderr: str, limit: int) -> Excerpt:
    """The lines of a failed command's output that matter, in at most `limit` characters."""
    lines = strip_ansi(stdout[-READ_LIMIT:]).split("\n")
    found = _dbt(lines)
    if found is not None:
        return _dbt_excerpt(*found, limit)
    other = strip_ansi(stderr[-READ_LIMIT:]).strip("\n")
    source = other.split("\n") if other.strip() else [line for line in lines if line.strip()]
    return Excerpt(cut_middle("\n".join(source[-TAIL_LINES:]), limit))


def keep(text: str, head: int = FILE_HEAD, tail: int = READ_LIMIT) -> str:
    """What of a log can be shown at all: its first lines and its tail. The rest is not worth the time it takes to read."""
    if len(text) <= head + tail:
        return text
    first = text[:head].rpartition("\n")[0] or text[:head]
    last = text[-tail:].partition("\n")[2] or text[-tail:]
    return f"{first}\n\n--- cut here: {len(text) - len(first) - len(last):,} characters are left out ---\n\n{last}"


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
    line = text.rfind("\n", at, at + size)
    end = line + 1 if line > at else at + size
    begun = text.rfind("-----BEGIN ", max(at, end - _KEY_LIMIT), end)
    if begun < 0 or text.find("-----END ", begun, end) >= 0:
        return end
    closed = text.find("-----END ", end, begun + _KEY_LIMIT)
    after = text.find("\n", closed) if closed >= 0 else -1
    return after + 1 if after >= 0 else min(len(text), begun + _KEY_LIMIT)


def log_file(stdout: str, stderr: str, limit: int = FILE_LIMIT) -> LogFile:
    """The whole log without colour codes, stderr behind stdout, at most `limit` bytes of UTF-8."""
    text = strip_ansi(stdout)
    if stderr.strip():
        text = f"{text.rstrip()}\n\n--- stderr ---\n{strip_ansi(stderr)}"
    data = text.encode()
    if len(data) <= limit:
        return LogFile(text or "(no output)\n", cut=False)
    note = f"\n\n--- cut here: the whole log has {len(data):,} bytes; its first lines and its tail are kept ---\n\n"
    head_bytes = min(FILE_HEAD, limit // 10)
    tail_bytes = limit - head_bytes - len(note.encode())
    head = data[:head_bytes].decode(errors="ignore").rpartition("\n")[0]
    tail = data[-tail_bytes:].decode(errors="ignore")
    tail = tail.partition("\n")[2] or tail
    return LogFile(head + note + tail, cut=True)


def _dbt(lines: list[str]) -> tuple[list[_Block], list[str], dict[str, int]] | None:
    """The blocks of the last failure report, its plain lines, and the counts of `Done.`; None where there is none."""
    plain = [_TIME.sub("", line) for line in lines]
    begins = [at for at, line in enumerate(plain) if _BEGIN.match(line)]
    start = begins[-1] if begins else _first_heading(plain)
    if start is None:
        return None
    end = next((at for at in range(start, len(plain)) if _DONE.match(plain[at])), len(plain))
    counts = {name: int(count) for name, count in _COUNTS.findall(plain[end])} if end < len(plain) else {}
    return _blocks(plain[start:end]), plain[start:end], counts


def _first_heading(plain: list[str]) -> int | None:
    """`dbt source freshness` has no line that says what it completed with."""
    return next((at for at, line in enumerate(plain) if _HEAD.match(line)), None)


def _blocks(lines: list[str]) -> list[_Block]:
    blocks: list[_Block] = []
    heads = [at for at, line in enumerate(lines) if _HEAD.match(line)]
    for at, until in zip(heads, [*heads, len(lines)][1:], strict=True):
        head = _HEAD.match(lines[at])
        if head is not None:
            body = tuple(line.rstrip() for line in lines[at:until])
            blocks.append(_Block(head["kind"], head["name"], head["what"] == "Warning in", body))
    return blocks


def _dbt_excerpt(blocks: list[_Block], lines: list[str], counts: dict[str, int], limit: int) -> Excerpt:
    failures = [block for block in blocks if not block.warns]
    if not failures:
        text = "\n".join(line.rstrip() for line in lines if line.strip())
        return Excerpt(cut_middle(text, limit), _first_words(lines))
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
    return Excerpt(cut_middle("\n\n".join(shown), limit), _summary(failures, counts), nodes)


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
        kinds[block.kind] = kinds.get(block.kind, 0) + 1
    parts = [f"{plural(count, kind)} failed" for kind, count in kinds.items()]
    if len(kinds) == 1 and counts.get("TOTAL") and next(iter(kinds)) == "test" and not counts.get("SKIP"):
        parts = [f"{next(iter(kinds.values()))} of {plural(counts['TOTAL'], 'test')} failed"]
    if counts.get("SKIP"):
        parts.append(f"{counts['SKIP']} skipped")
    return ", ".join(parts)


def _first_words(lines: list[str]) -> str | None:
    """What an error without blocks is called: the line behind `Encountered an error:`."""
    words = [line.strip() for line in lines[1:] if line.strip()]
    return words[0][:120] if words else None
