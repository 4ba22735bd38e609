"""Notices as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.incident import IncidentRun
from bot.core.model.notice import HourOfRuns, Lateness, Notice, Slowness
from bot.core.views.notice import notice_message, people_in
from tests.core.views.plain import said, shown

APP = "https://app.example"
T0 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
RUN = IncidentRun(7, "SUCCESS", T0, T0 + timedelta(minutes=5), "main", "3f2c1ab9", actor="scheduler")
LINE = Notice("C1", "run:7", "T1", "nightly", "Nightly", run=RUN)
LATE = Lateness("nightly", "Nightly", T0, T0, T0)


def text(notice: Notice, **names: str) -> str:
    """The notice's sentence."""
    return said(notice_message(notice, APP, names).text)


def after(minutes: float, **facts: object) -> IncidentRun:
    """A run that began this many minutes after the slot."""
    return replace(IncidentRun(9, "RUNNING", T0 + timedelta(minutes=minutes)), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (RUN, "Nightly succeeded: run 7 · main @ 3f2c1ab · by scheduler · 02:05 · took 5 min"),
        (replace(RUN, state="CANCELED"), "Nightly was cancelled: run 7"),
        (replace(RUN, state="SKIPPED"), "Nightly was skipped: run 7"),
        (replace(RUN, state="ERROR"), "Nightly failed: run 7"),
        (replace(RUN, state="Finished"), ":white_circle: Nightly ended as Finished: run 7"),
        (replace(RUN, state="RUNNING", ended_at=None), "Nightly is running: run 7"),
        (replace(RUN, state="Deploying", ended_at=None), "Nightly is Deploying: run 7"),
        (replace(RUN, actor="ada@example.com"), "by ada ·"),
    ],
)
def test_a_run_is_one_line(run: IncidentRun, words: str) -> None:
    """A run's notice is one line, and contains no email address."""
    assert words in text(replace(LINE, run=run))
    assert "example.com" not in text(replace(LINE, run=run))


def test_our_own_starts_and_pull_requests_are_named() -> None:
    """The line about a run that was started here has its pull request and the username of the person who asked."""
    mine = replace(LINE, run=replace(RUN, asked_by="U0ADA"), pull_request="12")
    assert people_in(mine) == {"U0ADA"}
    assert "run 7 for pull request 12 · main @ 3f2c1ab · by ada ·" in text(mine, U0ADA="ada")
    assert people_in(LINE) == frozenset()


def test_an_hour_of_runs_is_one_line() -> None:
    """A line about an hour of runs counts them by outcome."""
    hour = HourOfRuns(T0, (("FAILED", 1), ("SUCCESS", 57)))
    line = text(replace(LINE, run=None, hour=hour))
    assert line == ":clock1: Nightly: 58 runs ended in the hour after 02:00 (1 failed, 57 succeeded)"


def test_a_slow_run_says_what_is_usual() -> None:
    """A slow run's notice gives its usual duration, omits the name in its card's thread, and says how it ended."""
    running = replace(RUN, state="RUNNING", ended_at=None)
    slow = replace(LINE, run=running, slow=Slowness(600, 1200))
    assert text(slow) == (":snail: Nightly: run 7 is slow: it's been running since 02:00. It usually takes 10 min.")
    assert text(replace(slow, thread="1.0")).startswith(":snail: Run 7 is slow")
    assert text(replace(slow, slow=Slowness(None, 1200))).endswith("Its limit is 20 min.")
    assert "run 7 was slow: it succeeded after 5 min." in text(replace(slow, run=RUN))


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (LATE, ":alarm_clock: Nightly is late: the run due at 02:00 hasn't started"),
        (replace(LATE, slots=3), "the run due at 02:00 hasn't started; 3 runs missed so far"),
        (replace(LATE, running=after(-60)), "was due at 02:00, but run 9 is still running (since 01:00)"),
        (
            replace(LATE, started=after(47), started_for=T0),
            ":white_check_mark: Nightly started 02:47, 47 min late: run 9",
        ),
        (
            replace(
                LATE, slots=2, latest=T0 + timedelta(hours=1), started=after(120), started_for=T0 + timedelta(hours=2)
            ),
            "started 04:00, on time: run 9; 2 runs missed",
        ),
        (
            replace(
                LATE, slots=2, latest=T0 + timedelta(hours=1), started=after(90), started_for=T0 + timedelta(hours=1)
            ),
            "started 03:30, 30 min late: run 9; 1 run missed",
        ),
        (replace(LATE, why="it's paused in Bolt"), "was due at 02:00 but didn't start: it's paused in Bolt"),
    ],
)
def test_a_late_schedule(late: Lateness, words: str) -> None:
    """A late schedule's notice names the first missed slot, then the next run once there is one."""
    assert words in text(replace(LINE, run=None, late=(late,)))


def test_many_late_schedules_are_one_message() -> None:
    """Many late schedules are one message: those still without a run first, and up to twenty by name."""
    many = tuple(replace(LATE, title=f"s{number}") for number in range(24))
    started = replace(LATE, title="other", started=after(47), started_for=T0)
    notice = replace(LINE, run=None, late=(started, *many))
    first, *lines = shown(notice_message(notice, APP))
    assert first == ":alarm_clock: 24 schedules are overdue, and 1 started late."
    assert lines[0] == "• s0 is late: the run due at 02:00 hasn't started"
    assert lines[-1] == "… and 5 more"
    assert "25 schedules ran late" in text(replace(notice, late=(started,) * 25))


def test_a_notice_without_anything_is_still_a_sentence() -> None:
    """A notice without content, perhaps stored by another version, is still a sentence."""
    assert text(replace(LINE, run=None)) == "Nightly has nothing to report."
