"""Findings as the doctor prints them: for people, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from bot.cli.doctor.finding import Finding
from bot.core.text.text import plural

SHOWN = {"ok": "ok", "warning": "WARNING", "problem": "PROBLEM"}
LEVEL_WIDTH = max(map(len, SHOWN.values()))


def as_json(findings: Sequence[Finding]) -> str:
    """Return a list of objects with `check`, `level`, `sentence` and `fix`."""
    return json.dumps([asdict(one) for one in findings], indent=2, ensure_ascii=False)


def as_lines(findings: Sequence[Finding]) -> list[str]:
    """Return aligned lines: one per finding, one below it for its fix, and a summary."""
    width = max((len(one.check) for one in findings), default=0)
    lines = []
    for one in findings:
        lines.append(f"{SHOWN[one.level]:{LEVEL_WIDTH}}  {one.check:{width}}  {_in_one_line(one.sentence)}")
        if one.fix:
            lines.append(f"{'':{LEVEL_WIDTH + width + 4}}fix: {_in_one_line(one.fix)}")
    return [*lines, "", _summary(findings)]


def exit_status(findings: Sequence[Finding]) -> int:
    """Return 1 if there's a problem, 0 otherwise."""
    return int(any(one.level == "problem" for one in findings))


def _summary(findings: Sequence[Finding]) -> str:
    counts = [
        plural(count, level)
        for level in ("problem", "warning")
        if (count := sum(one.level == level for one in findings))
    ]
    return f"{' and '.join(counts)}." if counts else "Everything that was checked is all right."


def _in_one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
