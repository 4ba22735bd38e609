"""Unwrapping a tool's output: removes the prefixes of schedulers and containers, and decodes JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from bot.core.logs.clean import Folded, strip_ansi

# How many of the first and last lines are checked for a prefix, and the share of them that must have it.
_FIRST, _LAST, _MOST_HAVE_IT = 100, 300, 0.6
_WRAPPED_AT_MOST = 3
_SAME_PREFIX_LINES = 4

_AT = r"\d{4}-\d\d-\d\d[T ,]{1,2}\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|SEVERE)"
_PREFIXES = (
    # Airflow: [2026-11-28, 12:00:01 UTC] {subprocess.py:93} INFO - ; others: [2026-11-28T12:00:01Z] INFO -
    re.compile(rf"\[{_AT}\] ?(?:\{{[^}}\n]{{1,80}}\}} ?)?(?:{_LEVEL}\b(?: ?[-:|] ?| )?)?"),
    # GitHub Actions, kubectl --timestamps, containerd (stdout F), Python's logging, Dagster, Meltano ([info     ]).
    re.compile(
        rf"{_AT} ?(?:(?:stdout|stderr) [FP] )?(?:[-|] ?)?(?:[\w.]{{1,40}} - )?"
        rf"(?:\[?(?i:{_LEVEL}) *\]?(?: ?[-:|] ?| ))?"
    ),
    # Prefect: 12:00:01.123 | INFO    | Task run 'dbt' -
    re.compile(rf"\d\d:\d\d:\d\d\.\d{{3}} \| {_LEVEL} *\| [^|\n]{{1,80}}? - "),
    # docker compose: dbt-1  |
    re.compile(r"[A-Za-z][\w.-]{0,60} *\| ?"),
    # syslog: Nov 28 12:00:01 host dbt[71]:
    re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,60} [\w./-]{1,60}(?:\[\d+\])?: ?"),
    re.compile(rf"{_LEVEL}:[\w.]{{1,60}}:"),
)
_ENDS_PREFIX = re.compile(r"^.*(?:[\]|>] ?|[:-] )", re.DOTALL)
_TELLS = re.compile(r"err|fatal|fail|warn|exception", re.IGNORECASE)
_TELLING_WORDS = (
    "err", "fatal", "fail", "exception", "crit", "severe", "panic", "emerg", "alert", "denied", "refused", "cannot",
    '"info":', '"level":5', '"level": 5', '"level":6', '"level": 6', '"stream"',
)  # fmt: skip
# A message without escapes.
_QUICK = re.compile(r'"(?:message|msg|event)": ?"([^"\\]*+)"')
_DEEP_LEVELS = {10: "debug", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}


def unwrapped(lines: Sequence[str]) -> list[str]:
    """Remove the prefix that a scheduler or container put before each line. The number of lines stays the same."""
    found = list(lines)
    for _ in range(_WRAPPED_AT_MOST):
        prefix = _prefix(found)
        if prefix is None:
            break
        found = [line[hit.end() :] if (hit := prefix.match(line)) else line for line in found]
    return found


def _prefix(lines: Sequence[str]) -> re.Pattern[str] | None:
    """The prefix of most lines, or None if there's none."""
    seen = [line for line in (*lines[:_FIRST], *lines[-_LAST:]) if line.strip()]
    if not seen or seen[0].startswith("{"):
        return None
    for pattern in _PREFIXES:
        if sum(1 for line in seen if pattern.match(line)) > len(seen) * _MOST_HAVE_IT:
            return pattern
    return _same(seen)


def _same(seen: Sequence[str]) -> re.Pattern[str] | None:
    """A constant prefix of all lines, such as `[dbt] ` or `build-1: `, or None if there's none."""
    if len(seen) < _SAME_PREFIX_LINES:
        return None
    first, last = min(seen)[:80], max(seen)[:80]
    shared = next((at for at in range(len(first)) if not last.startswith(first[: at + 1])), len(first))
    found = _ENDS_PREFIX.match(first[:shared])
    if found is None or len(found[0]) < 3 or _TELLS.search(found[0]):
        return None
    return re.compile(re.escape(found[0]))


def plain_lines(lines: Sequence[str]) -> list[str]:
    """Replace each JSON object of a log with its message.

    dbt's messages are given the time of day that its text format begins them with, because it marks where a message
    begins. For other tools, only the last lines and those that may mention an error are decoded in full; a quick search
    for the message is enough for the other lines.
    """
    if not any(line[:1] == "{" for line in lines):
        return list(lines)
    found: list[str] = []
    full_from = len(lines) - _LAST
    telling = set(Folded(lines).with_any(_TELLING_WORDS))
    search, append = _QUICK.search, found.append
    for at, line in enumerate(lines):
        if line[:1] != "{" or not (line[-1] == "}" or line.rstrip().endswith("}")):
            append(line)
            continue
        quick = None if at >= full_from or at in telling else search(line)
        message = quick[1] if quick else _message(line)
        if message is None:
            append(line)
        elif message.isprintable():
            append(message)
        else:
            found.extend(strip_ansi(message).split("\n"))
    return found


def _message(line: str) -> str | None:
    """The message of a JSON line, or None. It's "" for dbt's own debug messages, which only repeat others."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    info = event.get("info")
    if isinstance(info, dict) and isinstance(info.get("msg"), str):
        return _dbt_message(info)
    if event.get("log_version") in (2, 3) and isinstance(event.get("msg"), str):
        return _dbt_message(event)
    return _others_message(event)


def _dbt_message(info: dict[str, object]) -> str:
    message = str(info["msg"])
    return "" if info.get("level") == "debug" else f"00:00:00  {message}"


def _others_message(event: dict[str, object]) -> str | None:
    """Read another tool's message, as in `ERROR Could not connect`, with the reason or stack from other keys."""
    for wrapping in ("log", "trace", "record"):
        inner = event.get(wrapping)
        if isinstance(inner, dict):
            return _others_message({key: value for key, value in event.items() if key != wrapping} | inner)
        if wrapping == "log" and isinstance(inner, str) and "stream" in event:
            return inner.rstrip("\n")
    inner = event.get("error")
    if isinstance(inner, dict):
        event = {key: value for key, value in event.items() if key != "error"} | {
            key: value for key, value in inner.items() if isinstance(key, str) and isinstance(value, str)
        }
    texts = list(dict.fromkeys(_texts(event)))
    if not texts:
        return None
    level = _level(event)
    return f"{level} {chr(10).join(texts)}" if level else "\n".join(texts)


def _texts(event: dict[str, object]) -> Iterator[str]:
    for names in (("message", "msg", "event", "text", "textPayload", "internal_message"), ("error", "err", "reason")):
        for name in names:
            value = event.get(name)
            if isinstance(value, str) and value.strip():
                yield value.strip()
                break
    for name in ("stack_trace", "stacktrace", "exception", "exc_info", "traceback", "stack"):
        value = event.get(name)
        if isinstance(value, str) and value.strip():
            yield value.rstrip()


def _level(event: dict[str, object]) -> str:
    for name in ("level", "severity", "levelname", "log.level", "lvl"):
        value = event.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip().upper()[:20]
        if isinstance(value, int) and value in _DEEP_LEVELS:
            return _DEEP_LEVELS[value].upper()
    return "ERROR" if event.get("type") == "ERROR" else ""
