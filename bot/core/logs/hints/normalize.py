"""Normalizing messages for the patterns of hints: only the words of the error itself, in a few lines."""

from __future__ import annotations

import re

from bot.core.logs.clean import strip_ansi
from bot.core.logs.log_findings import ERROR_HEAD

LINES_MOST = 6
LINE_MOST = 1_000
_SCANNED_MOST = 40
_TEXT_MOST = 100_000

# `12:03:41  ` at the start of a line from dbt.
_TIME = re.compile(r"^\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?\s{1,8}")
_HEAD_ALONE = re.compile(
    r"(?:(?:Database|Runtime|Compilation|Parsing|Dependency|Dbt|DbtDatabase|DbtRuntime|Internal|Validation|Unhandled|Failed) )+"
    r"Error(?: in [^\n]{1,300})?:?"
    r"|Encountered an error(?: while [^\n:]{1,60})?:?|[\w.-]{1,100} failed, error:"
    r"|Error parsing inline query|Error while parsing node: [^\n]{1,300}"
)
# Exception classes of Python and the adapters, before the message.
_CLASS_BEFORE = re.compile(r"^(?:[\w.]{1,80}\.)?(?:DatabaseError|OperationalError|ProgrammingError|InternalError): ")
# A microbatch model's progress, before the reason of its first failed batch.
_PARTIAL = re.compile(r"^PARTIAL SUCCESS \(\d{1,6}/\d{1,6}\)(?:, batch[^:]{1,300})?: ")
_PLACES = re.compile(
    r"LINE \d+:|compiled code at |compiled Code at |> (?:in|called by) (?:macro|test|model)|> in |\^+$|-{5,}$",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?:DETAIL|HINT|CONTEXT|Detail|Hint|Context): |Traceback \(most recent call last\)|== SQL ==")


def normalized(message: str) -> str:
    """Return a message's first lines, at most LINES_MOST.

    Removes colors, times, nested headings, positions in SQL, and details that databases add. The time is linear in the
    length of the message, of which the first 100,000 characters are read.
    """
    kept: list[str] = []
    for line in strip_ansi(message[:_TEXT_MOST]).split("\n")[:_SCANNED_MOST]:
        text = _TIME.sub("", line[: LINE_MOST + 40]).strip()
        if not text or _PLACES.match(text):
            continue
        if _STOP.match(text) and (kept or text.startswith("== SQL")):
            break
        if ERROR_HEAD.match(text) or (not kept and _HEAD_ALONE.fullmatch(text)):
            continue
        kept.append((text if kept else _CLASS_BEFORE.sub("", _PARTIAL.sub("", text)))[:LINE_MOST])
        if len(kept) == LINES_MOST:
            break
    return "\n".join(kept)
