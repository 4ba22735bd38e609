"""`make bench`: one table, each line beside its limit or its rival in the same run.

`python -m bench` measures everything, `python -m bench polls ack` only these. The table is printed, and what was measured at
full length is kept in bench/results.json and bench/results.md, each row with the commit that it was measured at. `--quick`
measures all in small, keeps nothing and judges no goal: it fails only if a row can't be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import ack, burst, crowd, hint, idle, polls, quiet, read_log, redact, replicas, thousands, told, typeahead
from bench.stage import Options, say
from bench.table import Row, record, show

RESULTS = Path(__file__).parent / "results.json"
# Rows measured side by side in the quick form.
AT_ONCE = 4
# By name, in the order of the table.
ROWS: dict[str, Callable[[Options], Awaitable[list[Row]]]] = {
    "idle": idle.measure,
    "quiet": quiet.measure,
    "redact": redact.measure,
    "read-log": read_log.measure,
    "ack": ack.measure,
    "polls": polls.measure,
    "told": told.measure,
    "burst": burst.measure,
    "thousands": thousands.measure,
    "crowd": crowd.measure,
    "hint": hint.measure,
    "replicas": replicas.measure,
    "typeahead": typeahead.measure,
}


def main() -> int:
    """Measure, print and keep the table; 1 if a goal is missed, or with --quick if a row cannot be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the bot beside rivals and limits.")
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which to measure, all by default: {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="in small, to see whether every row can be measured")
    parser.add_argument("--out", type=Path, help="the JSON file to keep the rows in, by default bench/results.json")
    given = parser.parse_args()
    unknown = set(given.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    names = [name for name in ROWS if not given.rows or name in given.rows]
    began = time.monotonic()
    found = asyncio.run(measure(names, Options(quick=given.quick)))
    rows = [row for part in found.values() for row in part]
    show(rows)
    if given.quick:
        say(f"took {time.monotonic() - began:.0f} s; no goal is judged in the quick form")
        return 1 if any(row.failed for row in rows) else 0
    record(
        {name: part for name, part in found.items() if not any(row.failed for row in part)},
        list(ROWS),
        given.out or RESULTS,
    )
    return 1 if any(row.good is False for row in rows) else 0


async def measure(names: list[str], options: Options) -> dict[str, list[Row]]:
    """The rows of these names. If one can't be measured its row says so, and the others are still measured."""
    found: dict[str, list[Row]] = {}
    # In the quick form no figure counts, so that the rows may disturb each other: most of them mostly wait.
    gate = asyncio.Semaphore(AT_ONCE if options.quick else 1)

    async def one(name: str) -> None:
        async with gate:
            say(f"{name} …")
            try:
                found[name] = await ROWS[name](options)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other rows are still wanted
                traceback.print_exc()
                found[name] = [Row(name, f"not measured: {type(error).__name__}", good=False, failed=True)]

    await asyncio.gather(*map(one, names))
    return {name: found[name] for name in names}


if __name__ == "__main__":
    sys.exit(main())
