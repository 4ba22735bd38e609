"""The bench's table: rows that are measured again replace the older ones, and each names its commit."""

from __future__ import annotations

import json
from pathlib import Path

from bench.table import Row, record


def test_a_row_names_the_commit_it_was_measured_at(tmp_path: Path) -> None:
    """One part measured again leaves the others as they were, with their commit; a part that has gone is dropped."""
    out = tmp_path / "results.json"
    old = {"rows": [], "commit": "0ld1234", "at": "2026-01-01 00:00", "machine": "an old one"}
    rows = [{"measure": "acks a second", "seen": "5", "rival": "", "goal": "", "good": True, "failed": False}]
    out.write_text(json.dumps({"gone": old | {"rows": rows}, "ack": old | {"rows": rows}}))
    record({"idle": [Row("memory", "90 MB", goal="< 100 MB", good=True)]}, ["idle", "ack"], out)
    kept = json.loads(out.read_text())
    assert list(kept) == ["idle", "ack"]
    lines = out.with_suffix(".md").read_text().splitlines()
    commit = kept["idle"]["commit"]
    assert f"| memory | 90 MB |  | < 100 MB | ok | {commit} |" in lines
    assert "| acks a second | 5 |  |  | ok | 0ld1234 |" in lines
    assert "- `ack`: 2026-01-01 00:00 UTC, an old one, commit 0ld1234" in lines
