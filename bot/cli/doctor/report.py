"""Findings as the doctor prints them: for people, or as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from bot.cli.doctor.finding import Finding
from bot.core.text.text import plural

SHOWN = {"ok": "ok", "warning": "WARNING", "problem": "PROBLEM"}
LEVEL_WIDTH = max(map(len, SHOWN.values()))
# If there's less room for sentences than this, wrapping is left to the terminal.
NARROWEST = 40


def as_json(findings: Sequence[Finding]) -> str:
    """Return a list of objects with `check`, `level`, `sentence` and `fix`."""
    return json.dumps([asdict(one) for one in findings], indent=2, ensure_ascii=False)


def as_lines(findings: Sequence[Finding], columns: int | None = None) -> list[str]:
    """Return aligned lines: each finding with its fix below it, and a summary.

    The lines are wrapped if the number of columns is given.
    """
    width = max((len(one.check) for one in findings), default=0)
    indent = " " * (LEVEL_WIDTH + width + 4)
    lines = []
    for one in findings:
        first, *more = _wrapped(one.sentence, columns, len(indent))
        lines.append(f"{SHOWN[one.level]:{LEVEL_WIDTH}}  {one.check:{width}}  {first}")
        if one.fix:
            more += _wrapped(f"fix: {one.fix}", columns, len(indent))
        lines += [indent + line for line in more]
    return [*lines, "", _summary(findings)]


def _wrapped(text: str, columns: int | None, indent: int) -> list[str]:
    line = "".join(char if char.isprintable() else " " for char in text)
    if columns is None or columns < indent + NARROWEST:
        return [line]
    return textwrap.wrap(line, columns - indent, break_long_words=False, break_on_hyphens=False)


def exit_status(findings: Sequence[Finding]) -> int:
    """Return 1 if there's a problem, 0 otherwise."""
    return int(any(one.level == "problem" for one in findings))


def _summary(findings: Sequence[Finding]) -> str:
    counts = [
        plural(count, level)
        for level in ("problem", "warning")
        if (count := sum(one.level == level for one in findings))
    ]
    return f"{' and '.join(counts)}." if counts else "Everything that was checked is OK."
