"""`make bench`: one table, each line beside its limit or its rival in the same run.

`python -m bench` measures everything, `python -m bench polls ack` only these. The table is printed, and written to
bench/results.md where all of it was measured at full length, else only to what `--out` names.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import ack, burst, hint, idle, polls, quiet, redact, replicas, thousands, told, typeahead
from bench.stage import Options, say
from bench.table import Row, show, write

RESULTS = Path(__file__).parent / "results.md"
# By name, in the order of the table.
ROWS: dict[str, Callable[[Options], Awaitable[list[Row]]]] = {
    "idle": idle.measure,
    "quiet": quiet.measure,
    "redact": redact.measure,
    "ack": ack.measure,
    "polls": polls.measure,
    "told": told.measure,
    "burst": burst.measure,
    "thousands": thousands.measure,
    "hint": hint.measure,
    "replicas": replicas.measure,
    "typeahead": typeahead.measure,
}


def main() -> int:
    """Measure, print and write the table; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the bot beside rivals and limits.")
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which to measure, all by default: {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="shorter, to try whether it works")
    parser.add_argument("--out", type=Path, help="where to write the table, by default bench/results.md if it is whole")
    given = parser.parse_args()
    unknown = set(given.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    names = [name for name in ROWS if not given.rows or name in given.rows]
    rows = asyncio.run(measure(names, Options(quick=given.quick)))
    show(rows)
    out = given.out or (RESULTS if len(names) == len(ROWS) and not given.quick else None)
    if out is not None:
        write(rows, out)
    return 1 if any(row.good is False for row in rows) else 0


async def measure(names: list[str], options: Options) -> list[Row]:
    """The rows of these names. One that cannot be measured says so, and the others are measured all the same."""
    rows: list[Row] = []
    for name in names:
        say(f"{name} …")
        try:
            rows += await ROWS[name](options)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rows are still wanted
            traceback.print_exc()
            rows.append(Row(name, f"not measured: {type(error).__name__}", good=False))
    return rows


if __name__ == "__main__":
    sys.exit(main())
