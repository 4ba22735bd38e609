"""Counts of ends, by day and schedule."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest

from bot.core.model.cause import Cause
from bot.core.model.run_end import RunEnd
from bot.core.watching.tally import (
    Tally,
    add_up,
    count_missed,
    counts_of,
    days_of,
    runs_by_hour,
    tally_name,
    whole_hour,
)
from tests.core.watching.ends import NIGHTLY, T0, WATCH, at, failure, success

HINTED = replace(failure(1, 0), cause=Cause(id="column-missing", text="A column is missing."))


def counted(*ends: RunEnd, name: str = "nightly") -> dict[str, dict[str, int]]:
    """A schedule's counts by day, as stored after these ends."""
    found = [one for end in ends for one in counts_of(end, [WATCH], NIGHTLY, T0, late=False) if one.name == name]
    by_day = groupby(sorted(found, key=lambda one: one.day), lambda one: one.day)
    return {day: dict(Counter(one.field for one in fields)) for day, fields in by_day}


def test_runs_failures_and_hints_are_added_up_by_the_hour() -> None:
    """Runs, failures and hints are added up by the hour; T0 is 2:00."""
    days = counted(HINTED, failure(2, 0.5), success(3, 1), success(4, 21.9), success(5, 22))
    assert sorted(days) == ["2026-03-02", "2026-03-03"]
    whole = add_up(days, at(-2), at(46))
    assert (whole.runs, whole.failures, dict(whole.hints)) == (5, 2, {"column-missing": 1})
    first_hour = add_up(days, at(0), at(1))
    assert (first_hour.runs, first_hour.failures) == (2, 2)
    assert add_up(days, at(1), at(22)).runs == 2
    assert add_up(days, at(22), at(23)).runs == 1
    assert add_up({}, at(0), at(1)) == Tally()


def test_runs_and_failures_are_known_by_the_hour() -> None:
    """Runs and failures can be read for each hour."""
    days = counted(HINTED, failure(2, 0.5), success(3, 1), success(4, 24))
    assert runs_by_hour(days) == {at(0): (2, 2), at(1): (1, 0), at(24): (1, 0)}


def test_a_log_that_comes_late_adds_its_hint_and_nothing_else() -> None:
    """A log that arrives late adds only its hint, because the run is already counted."""
    assert [one.field for one in counts_of(HINTED, [WATCH], NIGHTLY, T0, late=True)] == ["h02:column-missing"]
    assert counts_of(success(1, 0), [WATCH], NIGHTLY, T0, late=True) == ()


def test_what_neither_failed_nor_succeeded_does_not_count() -> None:
    """Cancelled runs and runs for pull requests don't count."""
    assert counts_of(replace(success(1, 0), state="CANCELED"), [WATCH], NIGHTLY, T0, late=False) == ()
    assert counts_of(replace(success(1, 0), pull_request="7"), [WATCH], NIGHTLY, T0, late=False) == ()


def test_each_branch_that_is_watched_has_its_own_counts() -> None:
    """Each watched branch has counts of its own, however many channels watch it."""
    watches = [WATCH, replace(WATCH, channel="C2"), replace(WATCH, branch="dev"), replace(WATCH, branch="*")]
    on_main = counts_of(success(1, 0), watches, NIGHTLY, T0, late=False)
    assert {one.name for one in on_main} == {"nightly", "nightly@*"}
    assert len(on_main) == 4
    on_dev = counts_of(replace(success(1, 0), branch="dev"), watches, NIGHTLY, T0, late=False)
    assert {one.name for one in on_dev} == {"nightly@dev", "nightly@*"}
    assert tally_name("nightly", None) == "nightly"


def test_slots_without_a_run_are_counted_when_their_grace_was_over() -> None:
    """A missed slot is counted at the end of its grace period, for each watched branch, to the minute."""
    watches = [WATCH, replace(WATCH, branch="main"), replace(WATCH, branch="dev"), replace(WATCH, branch="*")]
    found = [count_missed(at(hours), watches, NIGHTLY) for hours in (0, 21.4, 21.5)]
    assert {one.name for one in found[0]} == {"nightly", "nightly@main", "nightly@*"}
    days: dict[str, dict[str, int]] = {}
    for one in (one for counts in found for one in counts if one.name == "nightly"):
        days.setdefault(one.day, {})[one.field] = 1
    assert days == {"2026-03-02": {"s0230": 1, "s2354": 1}, "2026-03-03": {"s0000": 1}}
    assert (add_up(days, at(-2), at(46)).missed, add_up(days, at(-2), at(46)).missed_last) == (3, at(21.5))
    assert add_up(days, at(1), at(22)).missed_last == at(21.4)
    assert add_up(days, at(1), at(21)) == Tally()


def test_an_end_without_a_time_is_counted_now() -> None:
    """An end without a time is counted as now."""
    (count, *_) = counts_of(RunEnd(1, "SUCCESS"), [WATCH], NIGHTLY, at(5), late=False)
    assert (count.day, count.field) == ("2026-03-02", "r07")


@pytest.mark.parametrize("seconds", [1, 7, 60, 100, 599, 3600, 20_000, 200_000])
def test_a_median_is_within_five_percent(seconds: int) -> None:
    """The median of successful runs that weren't retries is accurate to within five percent."""
    ends = [
        replace(success(number, 1), started_at=at(1) - timedelta(seconds=length))
        for number, length in enumerate((1, seconds, 500_000))
    ]
    retry = replace(success(9, 1), parent=3)
    tally = add_up(counted(*ends, retry, failure(8, 1)), at(0), at(24))
    assert tally.median_s == pytest.approx(seconds, rel=0.05)
    assert sum(tally.durations.values()) == 3


def test_without_a_success_there_is_no_median() -> None:
    """Without a success there's no median; days_of lists every date of a span, and whole_hour rounds down."""
    assert Tally().median_s is None
    assert days_of(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)) == [
        "2026-03-01",
        "2026-03-02",
        "2026-03-03",
    ]
    assert whole_hour(datetime(2026, 3, 1, 23, 30, 5, 6, tzinfo=UTC)) == datetime(2026, 3, 1, 23, tzinfo=UTC)
