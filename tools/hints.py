"""Writes docs/hints.md: every hint of the table, by its kind. `make hints`; with --check, whether the page is what the table makes."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.core.insight.hints.hint import Hint
from bot.core.insight.hints.table import HINTS

PAGE = Path(__file__).parents[1] / "docs" / "hints.md"
HEAD = """# Hints

<!-- Made from bot/core/insight/hints/table.py by `make hints`: change the table, not this page. -->

If a command fails, the bot looks its message up in this table and says what it means, what to do
next, and whether a retry can help. It's a table and nothing else: without a certain match it shows
no hint. The message is matched from its start, without colors, times of day, dbt's headings,
places in the SQL, and the details that databases add. The first row that fits wins.
"""


def page() -> str:
    """The whole page."""
    kinds: dict[str, list[Hint]] = {}
    for hint in HINTS:
        kinds.setdefault(hint.kind, []).append(hint)
    parts = [HEAD, *(_section(kind, hints) for kind, hints in sorted(kinds.items(), key=lambda one: one[0].lower()))]
    return "\n".join(parts)


def _section(kind: str, hints: list[Hint]) -> str:
    lines = [
        f"## {kind[0].upper()}{kind[1:]}",
        "",
        "| id | of | what it means | what to do | retry helps |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [f"| `{hint.id}` | {hint.engines} | {hint.text} | {hint.next} | {hint.retry} |" for hint in hints]
    return "\n".join([*lines, ""])


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/hints.md isn't what the table makes: run `make hints`.", file=sys.stderr)  # noqa: T201 - a command's answer
    return 1


if __name__ == "__main__":
    sys.exit(main())
