"""When a run is slow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.notice import Slowness
from bot.core.model.run import Run, RunFacts, RunKey
from bot.core.model.watch import SlowAfter
from bot.core.watching.slow import limit_of, limit_s, slow_notice
from tests.core.watching.ends import NIGHTLY, T0, WATCH

RUN = Run(RunKey("w", 7), facts=RunFacts("nightly", branch="main", usual_s=1800))


@pytest.mark.parametrize(
    ("slow", "usual_s", "limit"),
    [
        (SlowAfter(factor=2), 1800, 3600),
        # Ten minutes over, at least.
        (SlowAfter(factor=2), 60, 660),
        (SlowAfter(factor=1.1), 3600, 4200),
        (SlowAfter(factor=2), None, None),
        (SlowAfter(seconds=120), None, 120),
        (SlowAfter(seconds=120), 1800, 120),
        (None, 1800, None),
    ],
)
def test_a_run_is_slow_at_its_factor_or_after_a_fixed_time(
    slow: SlowAfter | None, usual_s: float | None, limit: float | None
) -> None:
    """A run is slow after a fixed time, or at a multiple of its usual time, but at least ten minutes over that time."""
    assert limit_s(slow, usual_s) == limit


def test_only_runs_that_count_are_slow() -> None:
    """Runs that don't count are never slow; runs with commands of their own are slow only after a fixed time."""
    watch = replace(WATCH, slow=SlowAfter(factor=2))
    assert limit_of(RUN, watch, NIGHTLY) == 3600
    assert limit_of(replace(RUN, facts=replace(RUN.facts, branch="dev")), watch, NIGHTLY) is None
    assert limit_of(replace(RUN, facts=replace(RUN.facts, pull_request=7)), watch, NIGHTLY) is None
    own = replace(RUN, facts=replace(RUN.facts, overridden=True))
    assert limit_of(own, watch, NIGHTLY) is None
    assert limit_of(own, replace(WATCH, slow=SlowAfter(seconds=60)), NIGHTLY) == 60


def test_a_notice_says_what_is_usual_only_if_that_decides() -> None:
    """A notice gives the usual duration only if a factor decides, and goes to the thread of the run's card, if any."""
    by_factor = slow_notice(RUN, replace(WATCH, slow=SlowAfter(factor=2)), NIGHTLY, T0, thread="1.0")
    assert (by_factor.slow, by_factor.thread, by_factor.name) == (Slowness(1800, 3600), "1.0", "slow:7")
    fixed = slow_notice(RUN, replace(WATCH, slow=SlowAfter(seconds=60)), NIGHTLY, T0)
    assert fixed.slow == Slowness(None, 60)
    assert fixed.run is not None
    assert fixed.run.started_at == T0
