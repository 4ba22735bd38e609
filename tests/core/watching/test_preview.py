"""The preview of a watch, which follows the same rules as its reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.model.bolt import RunSummary, Schedule
from bot.core.watching.preview import Previewed, preview, replay, watched
from tests.core.watching.ends import NIGHTLY, WATCH

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def run(number: int, days_ago: float, state: str, branch: str = "main") -> RunSummary:
    """A run that ended this many days ago."""
    ended = NOW - timedelta(days=days_ago)
    return RunSummary(
        number, state, "scheduler", started_at=ended - timedelta(minutes=10), ended_at=ended, branch=branch
    )


def told(*runs: RunSummary, limit: int = 100) -> Previewed:
    """The preview of reports about these runs."""
    return replay(WATCH, NIGHTLY, sorted(runs, key=lambda one: -one.id), NOW, limit)


def test_one_message_for_failures_in_a_row() -> None:
    """Several failures in a row are one message, and a recovery is counted once."""
    runs = (run(1, 5, "SUCCESS"), run(2, 4, "FAILED"), run(3, 3, "ERROR"), run(4, 2, "SUCCESS"), run(5, 1, "FAILED"))
    assert told(*runs) == Previewed(failures=3, messages=2, recoveries=1)


def test_what_happened_before_is_known_but_not_counted() -> None:
    """Earlier failures aren't counted, and a schedule that was already failing doesn't open a new message."""
    assert told(run(1, 8, "FAILED"), run(2, 6, "FAILED"), run(3, 5, "SUCCESS")) == Previewed(1, 0, 1)


def test_runs_that_do_not_count_are_left_out() -> None:
    """Runs on other branches, active runs and cancelled runs don't count."""
    assert told(run(1, 5, "FAILED", branch="dev"), run(2, 4, "RUNNING"), run(3, 3, "CANCELED")) == Previewed()


def test_a_full_listing_may_not_reach_back_far_enough() -> None:
    """If more runs exist than are read, the preview covers fewer days."""
    assert told(run(1, 2, "SUCCESS"), run(2, 1, "FAILED"), limit=2).days == 2 + 10 / 1440
    assert told(run(1, 9, "SUCCESS"), run(2, 1, "FAILED"), limit=2).days == 7


def test_what_was_not_read_is_estimated() -> None:
    """Schedules and days that weren't read are estimated from those that were."""
    found = preview([Previewed(2, 1, 1, days=7), Previewed(1, 1, 0, days=3.5)], schedules=4)
    assert found.told == Previewed(failures=8, messages=6, recoveries=2)
    assert (found.read, found.is_estimate) == (2, True)
    assert found.messages_a_day == 6 / 7
    assert not preview([Previewed(2, 1, 1)], schedules=1).is_estimate
    assert preview([], schedules=3).read == 0


def test_a_listed_schedule_is_what_watches_compare() -> None:
    """A watched schedule has the listing's id, slug, name, owner and branch."""
    listed = Schedule(1, "u", "Nightly full build", "nightly", "OFF", "ui", owner="ada", git_branch="main")
    assert watched(listed) == replace(NIGHTLY, uuid="u")
