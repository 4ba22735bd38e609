"""Runs that get a line of their own, and runs that are counted in an hour's line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.discovery import Ledger, ScheduleRecord
from bot.core.model.incident import IncidentRun
from bot.core.model.notice import HourOfRuns, Notice, NoticeChange, NoticeRecord
from bot.core.model.run_end import RunEnd
from bot.core.model.watch import Only, Quiet
from bot.core.watching.run_lines import hour_name, is_busy, line_at_start, lines_at_end, names_at_end, starts_of
from tests.core.watching.ends import NIGHTLY, T0, WATCH, at, failure, success

RECORD = ScheduleRecord(NIGHTLY)


def ended(run: int, state: str, **facts: object) -> RunEnd:
    """A run that ended an hour after the first."""
    return replace(success(run, 1), state=state, **facts)  # type: ignore[arg-type]


def at_end(end: RunEnd, only: Only, *known: NoticeRecord, prs: bool = False, busy: bool = False) -> list[NoticeChange]:
    """The notices that a watch posts about an end."""
    watch = replace(WATCH, only=only, pull_requests=prs)
    names = {one.notice.name: one for one in known}
    return lines_at_end(end, watch, RECORD, names, busy=busy, at=at(1.25))


def stored(name: str, **facts: object) -> NoticeRecord:
    """A notice in the channel."""
    return NoticeRecord(Notice("C1", name, "T1", "nightly", **facts), 3, "1.0")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "facts", "only", "prs", "lines"),
    [
        ("SUCCESS", {}, "ends", False, 1),
        ("CANCELED", {}, "ends", False, 1),
        ("SKIPPED", {}, "all", False, 1),
        ("Finished", {}, "ends", False, 1),
        ("SUCCESS", {}, "failures", False, 0),
        # A failure is reported by its incident instead.
        ("FAILED", {}, "ends", False, 0),
        ("ERROR", {}, "all", False, 0),
        # Runs that don't count.
        ("SUCCESS", {"branch": "dev"}, "all", False, 0),
        ("SUCCESS", {"pull_request": "7"}, "all", False, 0),
        # Runs for pull requests, one by one.
        ("SUCCESS", {"pull_request": "7", "branch": "dev"}, "failures", True, 1),
        ("FAILED", {"pull_request": "7", "branch": "dev"}, "ends", True, 1),
    ],
)
def test_which_ends_get_a_line(state: str, facts: dict[str, object], only: Only, lines: int, *, prs: bool) -> None:
    """The watch's options determine which ends get a line."""
    assert len(at_end(ended(1, state, **facts), only, prs=prs)) == lines


@pytest.mark.parametrize("state", ["SUCCESS", "FAILED", "CANCELED"])
def test_a_line_that_is_there_from_the_start_is_edited_to_its_end(state: str) -> None:
    """A line posted at the start is edited to show the end, even a failure, whatever the watch reports by then."""
    (change,) = at_end(ended(1, state), "failures", stored("run:1"))
    assert (change.rev, change.after.run and change.after.run.state) == (3, state)


def test_a_slow_run_says_how_it_ended_unless_its_card_does() -> None:
    """A slow run's message says how it ended, but a post in a card's thread stays as it is."""
    assert [one.after.name for one in at_end(ended(1, "SUCCESS"), "failures", stored("slow:1"))] == ["slow:1"]
    assert at_end(ended(1, "SUCCESS"), "failures", stored("slow:1", thread="9.0")) == []


def test_a_run_gets_a_line_at_its_start_if_the_watch_reports_all() -> None:
    """A run that counts gets a line at its start if the watch reports all runs, except in busy or quiet hours."""
    run = RunEnd(1, "RUNNING", at(0), branch="main")
    every = replace(WATCH, only="all")
    line = line_at_start(run, every, NIGHTLY, busy=False, at=at(0))
    assert line is not None
    night = replace(every, quiet=Quiet("01:00", "03:00"), time_zone="UTC")
    assert line_at_start(run, night, NIGHTLY, busy=False, at=at(0)) is None
    assert (line.name, line.run) == ("run:1", IncidentRun(1, "RUNNING", at(0), branch="main"))
    assert line_at_start(run, every, NIGHTLY, busy=True, at=at(0)) is None
    assert line_at_start(run, replace(WATCH, only="ends"), NIGHTLY, busy=False, at=at(0)) is None
    for_pull_request = replace(run, pull_request="7")
    assert line_at_start(for_pull_request, every, NIGHTLY, busy=False, at=at(0)) is None
    assert line_at_start(for_pull_request, replace(every, pull_requests=True), NIGHTLY, busy=True, at=at(0)) is not None


def test_a_busy_schedule_gets_one_line_an_hour() -> None:
    """A busy schedule gets one line per hour, posted when the hour is over, with failures in its count."""
    (first,) = at_end(success(1, 1), "ends", busy=True)
    assert first.after.hour == HourOfRuns(at(1), (("SUCCESS", 1),))
    assert first.delay_s == 45 * 60
    known = NoticeRecord(first.after, 1)
    (second,) = at_end(failure(2, 1.1), "all", known, busy=True)
    assert second.after.name == first.after.name
    assert second.after.hour == HourOfRuns(at(1), (("FAILED", 1), ("SUCCESS", 1)))
    assert (second.rev, second.urgent) == (1, False)
    assert at_end(success(3, 1), "failures", busy=True) == []


def test_more_than_twelve_runs_in_a_day_are_busy() -> None:
    """More than twelve starts in a day make a schedule busy; older and unknown starts don't count."""
    starts = [at(-hour).timestamp() for hour in range(13)]
    assert is_busy(starts, at(0))
    assert not is_busy(starts[1:], at(0))
    assert not is_busy([*starts[1:], 0, at(-25).timestamp()], at(0))
    ledger = Ledger(final=((1, at(0).timestamp()),))
    assert len(starts_of(ledger, [success(1, 0), success(2, 1)])) == 2


def test_the_notices_that_an_end_may_change() -> None:
    """The end of a run may change the run's line, the notice about its slowness, and the line about its hour."""
    assert names_at_end(success(1, 0.5), "nightly") == ("run:1", "slow:1", hour_name("nightly", T0))
    assert names_at_end(RunEnd(1, "SUCCESS"), "nightly") == ("run:1", "slow:1")


def test_quiet_hours_have_no_new_lines() -> None:
    """Quiet hours bring no new lines, but existing lines are edited."""
    night = replace(WATCH, only="ends", quiet=Quiet("01:00", "04:00"), time_zone="UTC")
    assert lines_at_end(success(1, 1), night, RECORD, {}, busy=False, at=at(1.25)) == []
    assert len(lines_at_end(success(1, 1), night, RECORD, {"run:1": stored("run:1")}, busy=False, at=at(1.25))) == 1
