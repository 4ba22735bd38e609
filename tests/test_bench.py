"""The bench: what's measured side by side, and its table, in which each row names its commit."""

from __future__ import annotations

import asyncio
import json
from math import inf
from pathlib import Path

import pytest

from bench.__main__ import WAITING, Parts, measure
from bench.minutely import Outcome, times
from bench.stage import Options
from bench.table import Row, record, seconds_text


def test_a_row_names_the_commit_it_was_measured_at(tmp_path: Path) -> None:
    """Measuring one part again keeps the other parts' rows and commits, and drops parts that no longer exist."""
    out = tmp_path / "results.json"
    old = {"rows": [], "commit": "0ld1234", "at": "2026-01-01 00:00", "machine": "an old one"}
    rows = [{"measure": "acks per second", "seen": "5", "rival": "", "goal": "", "good": True, "failed": False}]
    out.write_text(json.dumps({"gone": old | {"rows": rows}, "ack": old | {"rows": rows}}))
    record({"idle": [Row("memory", "90 MB", goal="< 100 MB", good=True)]}, ["idle", "ack"], out)
    kept = json.loads(out.read_text())
    assert list(kept) == ["idle", "ack"]
    lines = out.with_suffix(".md").read_text().splitlines()
    commit = kept["idle"]["commit"]
    assert f"| memory | 90 MB |  | < 100 MB | ok | {commit} |" in lines
    assert "| acks per second | 5 |  |  | ok | 0ld1234 |" in lines
    assert "- `ack`: 2026-01-01 00:00 UTC, an old one, commit 0ld1234" in lines


def test_a_time_that_never_came_is_a_dash_with_its_reason() -> None:
    """An infinite time isn't shown as a number of seconds."""
    assert seconds_text(25.54, 1) == "25.5 s"
    assert seconds_text(inf) == "– (it didn't happen in time)"


def test_commands_without_an_edit_leave_a_percentile_open() -> None:
    """A percentile is a dash if too many commands ended before their card's edit; the reason says how many."""
    assert times(Outcome([2.0] * 100, [])) == "2.0 s, 2.0 s (100 commands)"
    some = times(Outcome([2.0] * 98 + [inf] * 2, []))
    assert some == "2.0 s, – (more than 1% of 100 commands ended before their card's edit)"
    assert times(Outcome([2.0] + [inf] * 2, [])) == "–, – (at least half of 3 commands ended before their card's edit)"


def parts(under_way: list[str], beside: dict[str, set[str]]) -> Parts:
    """Two parts that have to run at the same time and two that don't; one of each kind can't be measured."""
    together = asyncio.Barrier(2)

    def part(name: str, *, waits: bool, fails: bool) -> Parts:
        async def measured(_options: Options) -> list[Row]:
            under_way.append(name)
            if waits:
                await together.wait()
            beside[name] = set(under_way)
            await asyncio.sleep(0)
            under_way.remove(name)
            if fails:
                raise LookupError
            return [Row(name, "1")]

        return {name: measured}

    return {
        **part("idle", waits=False, fails=True),
        **part(WAITING[0][0], waits=True, fails=True),
        **part(WAITING[0][1], waits=True, fails=False),
        **part("ack", waits=False, fails=False),
    }


async def test_only_what_waits_is_measured_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    """Only parts that wait are measured side by side; each is kept once it's measured, even if others fail."""
    beside: dict[str, set[str]] = {}
    kept: list[tuple[str, bool]] = []
    named = ["idle", *WAITING[0][:2], "ack"]
    rows = await measure(named, Options(), lambda name, rows: kept.append((name, rows[0].failed)), parts([], beside))
    assert beside["idle"] == {"idle"}
    assert beside["ack"] == {"ack"}
    assert set(WAITING[0][:2]) in (beside[WAITING[0][0]], beside[WAITING[0][1]])
    assert {name for name, _ in kept[:2]} == set(WAITING[0][:2])
    assert [*kept[2:]] == [("idle", True), ("ack", False)]
    assert [row.measure for row in rows] == named
    assert [row.failed for row in rows] == [True, True, False, False]
    assert "LookupError" in capsys.readouterr().err
