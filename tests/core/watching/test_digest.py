"""The figures of a channel's digest.

Reading its counts is tested in tests/flows/test_read_digest.py.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.incident import Incident
from bot.core.watching.digest import DigestRow, Figures
from bot.core.watching.tally import Tally
from tests.core.watching.ends import at

# Powers of 1.1: about 10, 19, 28 and 117 minutes.
MIN_10, MIN_19, MIN_28, MIN_117 = 67, 74, 78, 93


def row(
    name: str,
    runs: int = 0,
    failures: int = 0,
    *,
    now: int | None = None,
    before: int | None = None,
    **hints: int,
) -> DigestRow:
    """A schedule with this many runs, and how long they took."""
    tally = Tally(runs, failures, hints, {now: runs - failures} if now else {})
    return DigestRow(name, name.lower(), tally, Tally(durations={before: 5}) if before else Tally())


def figures(*rows: DigestRow, failing: tuple[str, ...] = ()) -> Figures:
    """The figures of these schedules."""
    return Figures(at(0), at(24), rows, [Incident("C1", slug, "T", 1) for slug in failing])


def test_success_is_rounded_down() -> None:
    """The success rate is rounded down, so it isn't 100 percent if anything failed."""
    assert figures(row("A", 999), row("B", 1, 1)).succeeded_percent == 99
    assert figures(row("A", 3)).succeeded_percent == 100
    assert figures().succeeded_percent == 100


def test_what_fails_now_did_not_recover() -> None:
    """Schedules that are failing now aren't listed as recovered; the others are ordered by failures."""
    found = figures(row("A", 5, 1), row("B", 5, 2), row("C", 5, 3), row("D", 5), failing=("c",)).over()
    assert [one.name for one in found] == ["B", "A"]


def test_failures_are_counted_by_hint() -> None:
    """Failures of all schedules are counted together by hint."""
    found = figures(row("A", 5, 3, disk=1, column=1), row("B", 5, 2, disk=2)).by_hint()
    assert found == [("disk", 3), ("column", 1)]


def test_what_slows_down_is_compared_with_enough_runs() -> None:
    """A schedule is listed as slower if it has enough runs to compare with and takes clearly longer."""
    slow = row("A", 2, now=MIN_28, before=MIN_10)
    few = replace(row("B", 2, now=MIN_28), before=Tally(durations={MIN_10: 2}))
    short = row("C", 2, now=30, before=20)
    steady = row("D", 2, now=MIN_117, before=MIN_117)
    worse = row("E", 2, now=MIN_117, before=MIN_19)
    found = figures(slow, few, short, steady, worse, row("F"))
    assert [one.name for one, _, _ in found.slower()] == ["E", "A"]
    assert [one.name for one, _ in found.slowest()] == ["D", "E", "A", "B", "C"]
