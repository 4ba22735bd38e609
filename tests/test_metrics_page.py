"""docs/operate.md lists each metric with its labels, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.metrics import declared

PAGE = (Path(__file__).parents[1] / "docs" / "operate.md").read_text()
ROW = re.compile(r"^\| `(bolt_bot_\w+)` \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)
# Labels whose values are our own names, or one of a few words. No label contains a name given by people or by Bolt.
BOUNDED = {
    "class", "due_set", "kind", "lane", "method", "operation", "outcome", "python_version", "revision", "service", "setting",
    "version", "work", "worker",
}  # fmt: skip


def test_every_metric_is_listed_with_its_labels() -> None:
    """Every metric is listed once, with its labels and a meaning."""
    rows = ROW.findall(PAGE)
    listed = {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels, _ in rows}
    assert listed == declared()
    assert len(rows) == len(listed)


def test_no_metric_is_labeled_with_foreign_text() -> None:
    """No label can contain arbitrary text, so series are limited in number and reveal no names."""
    assert {label for labels in declared().values() for label in labels} == BOUNDED
