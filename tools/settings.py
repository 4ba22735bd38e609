"""Generate the tables of docs/settings.md from bot/settings.py: a row for each setting, from the text below it.

`make settings`; with --check, check that the page is current.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from annotated_types import Ge, Le

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
SOURCE, PAGE = ROOT / "bot" / "settings.py", ROOT / "docs" / "settings.md"
HEADING = re.compile(r"^    # --- (.+) ---$")
TABLE = re.compile(r"(<!-- settings: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
COLUMNS = "| variable | default | value | meaning |\n| --- | --- | --- | --- |\n"
# Units, by the last part of a setting's name.
UNITS = {"_a_s": " a second", "_s": " s", "_days": " days", "_mb": " MB", "_a_minute": " a minute"}
# The values that a setting can have, by its type.
VALUES = {
    **dict.fromkeys(("BotToken", "AppToken", "Secret", "SigningSecret", "WebhookSecret"), "secret"),
    "SecretPatterns": "secret; patterns",  # pragma: allowlist secret
    **dict.fromkeys(("RedisAddress", "HeartbeatAddress"), "secret; an address"),
    "Address": "an address",
    "SlackAddress": "an address",
    "LinkAddress": "an address",
    "SlashCommand": "`/` and at most 31 characters",
    "Name": "1 to 32 lowercase letters, digits and dashes",
    "Uid": "letters, digits, `.`, `-`, `_`",
    "Revision": "letters, digits, `.`, `-`, `_`",
    "LogFormat": "`console`, `json`",
    "LogLevel": "`debug`, `info`, `warning`, `error`",
    "bool": "`true`, `false`",
    "str": "a host or an address",
}


def rows() -> Iterator[tuple[str, str]]:
    """Yield each setting's heading and row, in order. Raises SystemExit if a setting has no heading or no text."""
    source = SOURCE.read_text(encoding="utf-8")
    headings = {
        number: found[1] for number, line in enumerate(source.splitlines(), 1) if (found := HEADING.match(line))
    }
    body = next(one.body for one in ast.parse(source).body if isinstance(one, ast.ClassDef))
    for node, after in pairwise(body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        name = node.target.id
        above = [number for number in headings if number < node.lineno]
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
        if not above or not isinstance(text, str):
            sys.exit(f"{name} has no heading above it or no text below it in bot/settings.py")
        kind = ast.unparse(node.annotation).removesuffix(" | None")
        cells = (f"`{name.upper()}`", _default(name), _value(name, kind), " ".join(text.split()))
        yield headings[max(above)], f"| {' | '.join(cells)} |\n"


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if field.is_required():
        return "required"
    if field.default is None:
        return "–"
    return f"`{str(field.default).lower()}`" if isinstance(field.default, bool) else _shown(field.default)


def _value(name: str, kind: str) -> str:
    if kind == "Path":
        return "a file" if name.endswith("_file") else "a folder"
    if kind not in {"int", "float"}:
        return VALUES[kind]
    bounds = Settings.model_fields[name].metadata
    least, most = (_bound(bounds, kind) for kind in (Ge, Le))
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
    return f"{least} to {most}{unit}"


def _bound(bounds: list[Any], kind: type[Ge | Le]) -> str:
    (found,) = (one for one in bounds if isinstance(one, kind))
    return _shown(found.ge if isinstance(found, Ge) else found.le)


def _shown(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, int | float) else f"`{value}`"


def page(current: str) -> str:
    """Return the page with its tables generated again. Raises SystemExit unless each table is there exactly once."""
    tables: dict[str, str] = {}
    for heading, row in rows():
        tables[heading] = tables.get(heading, COLUMNS) + row
    if sorted(found[1] for found in TABLE.findall(current)) != sorted(tables):
        sys.exit(f"docs/settings.md should have one table for each of {', '.join(tables)}")
    return TABLE.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n{found[3]}", current)


def main() -> int:
    """Write the page, or check it."""
    current = PAGE.read_text(encoding="utf-8")
    made = page(current)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
    elif made != current:
        sys.stderr.write("docs/settings.md isn't what bot/settings.py says: run `make settings`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
