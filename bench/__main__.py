"""`make bench`: one table, each row with its limit, or with a rival measured in the same run.

`python -m bench` measures everything, and `python -m bench polls ack` only those two parts. The table is printed.
Full-length measurements are stored in bench/results.json and bench/results.md as soon as they're made, each row with
its commit. `--quick` runs a small version of everything, stores nothing and checks no goals: it fails only if a row
can't be measured. Each row's goal is in the module that measures the row.

Rows that mostly wait, for the clock or for what Slack allows in a minute, are measured at the same time, in two groups.
After them, each of the others has the machine to itself, because these measure milliseconds, memory or processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bench import (
    ack,
    burst,
    crowd,
    flood,
    hint,
    idle,
    minutely,
    polls,
    quiet,
    read_log,
    redact,
    replicas,
    thousands,
    told,
    typeahead,
    watch_hints,
    watches,
)
from bench.stage import Options, say
from bench.table import Row, record, show

RESULTS = Path(__file__).parent / "results.json"
# How many rows are measured at the same time with --quick.
AT_ONCE = 6
# Far longer than any part takes, so that a part that hangs doesn't keep the others from being measured.
ROW_S = 2700.0
Parts = Mapping[str, Callable[[Options], Awaitable[list[Row]]]]
# The parts by name, in the order of the table.
ROWS: Parts = {
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
    "watches": watches.measure,
    "watch-hints": watch_hints.measure,
    "flood": flood.measure,
    "minutely": minutely.measure,
}
# These parts take minutes, measure seconds, requests and edits, and use little processor time, so the parts of a group
# are measured at the same time. The longest come first.
WAITING = (("told", "burst", "crowd"), ("watches", "watch-hints", "minutely", "flood"))

Keep = Callable[[str, list[Row]], None]


def main() -> int:
    """Measure, print and store the table. Returns 1 if a goal is missed, or with --quick if a row can't be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the bot beside rivals and limits.")
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which to measure, all by default: {', '.join(ROWS)}")
    parser.add_argument(
        "--quick", action="store_true", help="measure a small version, to check that every row can be measured"
    )
    parser.add_argument("--out", type=Path, help="the JSON file to keep the rows in, by default bench/results.json")
    given = parser.parse_args()
    unknown = set(given.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    names = [name for name in ROWS if not given.rows or name in given.rows]
    began = time.monotonic()
    out = given.out or RESULTS

    def keep(name: str, rows: list[Row]) -> None:
        # Stored at once, so that it's kept if the bench is interrupted later.
        if not given.quick and not any(row.failed for row in rows):
            record({name: rows}, list(ROWS), out)

    rows = asyncio.run(measure(names, Options(quick=given.quick), keep))
    show(rows)
    say(f"took {time.monotonic() - began:.0f} s")
    if given.quick:
        say("--quick checks no goals")
        return 1 if any(row.failed for row in rows) else 0
    return 1 if any(row.good is False for row in rows) else 0


async def measure(names: list[str], options: Options, keep: Keep, parts: Parts | None = None) -> list[Row]:
    """Measure parts, and return their rows in the table's order. A part that can't be measured gets a row that says so.

    `keep` gets the rows of each part once it's measured. `parts` defaults to ROWS.
    """
    parts = ROWS if parts is None else parts
    found: dict[str, list[Row]] = {}
    groups = [[name for name in group if name in names] for group in WAITING]
    others = [name for name in names if not any(name in group for group in groups)]

    async def one(name: str) -> None:
        began = time.monotonic()
        say(f"{name} …")
        try:
            async with asyncio.timeout(ROW_S):
                found[name] = await parts[name](options)
        except Exception as error:  # noqa: BLE001 - the other rows are still measured
            traceback.print_exc()
            found[name] = [Row(name, f"not measured: {type(error).__name__}", good=False, failed=True)]
        say(f"{name}: took {time.monotonic() - began:.0f} s")
        keep(name, found[name])

    if options.quick:
        # The figures don't count, so the rows may disturb each other.
        gate = asyncio.Semaphore(AT_ONCE)

        async def gated(name: str) -> None:
            async with gate:
                await one(name)

        await asyncio.gather(*map(gated, [name for group in (*groups, others) for name in group]))
    else:
        for group in groups:
            await asyncio.gather(*map(one, group))
        for name in others:
            await one(name)
    return [row for name in names for row in found[name]]


if __name__ == "__main__":
    sys.exit(main())
