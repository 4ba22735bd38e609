"""A failure's message as the patterns of the hints see it: only the words of the error itself, in a few lines."""

from __future__ import annotations

import re

from bot.core.insight.clean import strip_ansi
from bot.core.insight.failure import ERROR_HEAD

LINES_MOST = 6
LINE_MOST = 1_000
_SCANNED_MOST = 40
_TEXT_MOST = 100_000

# `12:03:41  ` before a line of dbt's.
_TIME = re.compile(r"^\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?\s{1,8}")
_HEAD_ALONE = re.compile(
    r"(?:(?:Database|Runtime|Compilation|Parsing|Dependency|Dbt|DbtDatabase|DbtRuntime|Internal|Validation|Unhandled|Failed) )+"
    r"Error(?: in [^\n]{1,300})?:?"
    r"|Encountered an error(?: while [^\n:]{1,60})?:?|[\w.-]{1,100} failed, error:"
    r"|Error parsing inline query|Error while parsing node: [^\n]{1,300}"
)
# Classes of Python's and of the adapters', before what they say.
_CLASS_BEFORE = re.compile(r"^(?:[\w.]{1,80}\.)?(?:DatabaseError|OperationalError|ProgrammingError|InternalError): ")
# What a microbatch model has done so far, before the reason of the first batch that failed.
_PARTIAL = re.compile(r"^PARTIAL SUCCESS \(\d{1,6}/\d{1,6}\)(?:, batch[^:]{1,300})?: ")
_PLACES = re.compile(
    r"LINE \d+:|compiled code at |compiled Code at |> (?:in|called by) (?:macro|test|model)|> in |\^+$|-{5,}$",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?:DETAIL|HINT|CONTEXT|Detail|Hint|Context): |Traceback \(most recent call last\)|== SQL ==")


def normalized(message: str) -> str:
    """The first lines of a message, at most six: without colors, times, nested headings, places in the SQL, and what databases add.

    Linear in the message, of which the first 100,000 characters are read.
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
