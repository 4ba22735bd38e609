"""Reading real failures: dbt 1.7 to 1.12 and 2.0, and other tools. `pytest -s` prints the scores."""

from __future__ import annotations

import pytest

from bot.core.logs.read_log import NODES_MOST
from tests.core.logs.cases import LIMIT, cases, measure


@pytest.mark.parametrize(
    ("with_results", "least"),
    [
        (True, {"first lines": 99.0, "counts": 98.0, "summaries": 98.0}),
        (False, {"first lines": 97.0, "counts": 98.0, "summaries": 98.0}),
    ],
)
def test_real_failures_are_read(with_results: bool, least: dict[str, float]) -> None:  # noqa: FBT001 - a parameter
    """For nearly all failures, the first line is shown, the counts are dbt's, and there's a summary."""
    scores = measure(with_results=with_results)
    for name, score in scores.items():
        kind = "with results" if with_results else "log alone"
        print(f"{kind}: {name} {score.right} of {score.right + len(score.wrong)} ({score.share:.1f} %)")  # noqa: T201
        assert score.share >= least[name], score.wrong


@pytest.mark.parametrize("with_results", [True, False])
def test_whatever_is_read_keeps_within_its_limits(with_results: bool) -> None:  # noqa: FBT001 - a parameter
    """Every result is free of colors and carriage returns, stays within its limits, and names every failure."""
    for case in cases():
        found = case.read(with_results=with_results)
        assert len(found.excerpt) <= LIMIT, case.name
        assert len(found.summary or "") <= 260, case.name
        texts = [found.summary or "", found.excerpt, *(one.message for one in found.failures)]
        assert not any("\x1b" in text or "\r" in text for text in texts), case.name
        assert all(one.name and one.kind for one in found.failures[:NODES_MOST]), case.name
        assert case.exit_code or (found.summary is None and not found.failures), case.name
