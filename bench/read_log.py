"""Reading logs: how the time grows with the text, compared with one plain pass over the part that is read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

from bench.stage import Options
from bench.table import Row
from bot.core.logs.excerpt import EXCERPT_LIMIT
from bot.core.logs.hints.causes import causes
from bot.core.logs.log_text import keep
from bot.core.logs.read_log import read_log, reading

SMALL, LARGE, QUICKER = 1_000_000, 10_000_000, 10
RATIO_MOST = 12.0
HINTS_MOST_S = 0.003
SAMPLES = Path(__file__).parents[1] / "tests" / "data" / "dbt"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_TIME = re.compile(r"\d\d:\d\d:\d\d  ")
_HEADING = re.compile(r"(?:Failure|\w+ Error) in \w+ \S+")
_REPORT_LINES = 15


async def measure(options: Options) -> list[Row]:
    """Measure a long dbt log, another tool's long log, and a long log of JSON lines."""
    small, large = (length // (QUICKER if options.quick else 1) for length in (SMALL, LARGE))
    return [*(_row(name, make(small), make(large)) for name, make in _LOGS.items()), _hints()]


def _hints() -> Row:
    """Measure the whole table on its slowest messages: six long lines that no hint matches, and a megabyte in one."""
    messages = [
        "\n".join([words * (1_000 // len(words))] * 6) for words in ("x y ", "Error in line 5 Invalid ", "'a' ")
    ]
    messages.append("could not " * 100_000)
    worst = max(_seconds(lambda text: causes([text]), message) for message in messages)
    return Row(
        "trying all hints on a hostile message, the slowest one: processor time",
        f"{worst * 1000:.1f} ms",
        "",
        f"≤ {HINTS_MOST_S * 1000:.0f} ms",
        worst <= HINTS_MOST_S,
    )


def _row(name: str, small: str, large: str) -> Row:
    part, whole, plain = _seconds(_read, small), _seconds(_read, large), _seconds(_plain, large)
    return Row(
        f"reading {name}, {len(large) / 1e6:.0f} MB: processor time; time for ten times the text",
        f"{whole * 1000:.0f} ms; {whole / part:.1f} ×",
        f"one plain pass over the log's ends: {plain * 1000:.0f} ms; 10 × is linear",
        f"≤ {RATIO_MOST:.0f} ×",
        whole / part <= RATIO_MOST,
    )


def _seconds(read: Callable[[str], object], text: str) -> float:
    best = inf
    for _ in range(3):
        began = time.process_time()
        read(text)
        best = min(best, time.process_time() - began)
    # The clock's resolution may be coarse.
    return max(1e-6, best)


def _read(text: str) -> object:
    return reading(read_log(keep(text), "", EXCERPT_LIMIT), limit=EXCERPT_LIMIT, exit_code=1)


def _plain(text: str) -> object:
    """Do the least that a reader has to do: remove colors and times, and look for headings."""
    lines = [_TIME.sub("", line) for line in _ANSI.sub("", keep(text)).split("\n")]
    return [line for line in lines if _HEADING.search(line)]


def _dbt(length: int) -> str:
    """Return one long dbt command's log: its first line, many progress lines, and its report."""
    lines = (SAMPLES / "03-run-model-error.stdout.txt").read_text().splitlines(keepends=True)
    first, progress, report = lines[0], "".join(lines[1:-_REPORT_LINES]), "".join(lines[-_REPORT_LINES:])
    return first + (progress * (length // len(progress) + 1))[:length] + "\n" + report


def _script(length: int) -> str:
    lines = "".join(f"table {number} ok, {number * 17} rows\n" for number in range(1_000))
    return (lines * (length // len(lines) + 1))[:length] + "\nERROR: 3 of 40 rows rejected\n"


def _json(length: int) -> str:
    lines = "".join(f'{{"level": "info", "msg": "closing stream {number}"}}\n' for number in range(1_000))
    return (lines * (length // len(lines) + 1))[:length] + '\n{"level": "error", "msg": "no route to host"}\n'


_LOGS = {"a dbt log": _dbt, "a script's log": _script, "JSON lines": _json}
