"""Crons in words, and answers about crons that can't be read."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import Schedule
from bot.core.schedules.cron_in_words import NextRun, in_words, next_run, next_told, told
from bot.core.text.text import Code
from tests.core.views.plain import said

NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
NIGHTLY = Schedule(1, "u", "Nightly", "nightly", "0 2 * * *", "ui")


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 2 * * *", "at 02:00"),
        ("*/30 * * * *", "every 30 minutes"),
        ("30 */6 * * *", "at 30 minutes past the hour, every 6 hours"),
        ("0 9 * * 1", "at 09:00, only on Monday"),
        ("0 18 * * MON-FRI", "at 18:00, Monday through Friday"),
        ("0 6 1 * *", "at 06:00, on day 1 of the month"),
    ],
)
def test_a_cron_is_said_in_words(cron: str, words: str) -> None:
    """A cron expression is shown in words, followed by the expression itself."""
    assert in_words(cron) == words
    assert said(told(cron)) == f"{words} ({cron})"


@pytest.mark.parametrize("cron", ["OFF", "off", "", "  "])
def test_no_cron_is_said_so(cron: str) -> None:
    """A schedule without a cron expression says that it starts only on request, and has no next run."""
    assert said(told(cron)) == "starts only on request (no cron)"
    assert next_run(replace(NIGHTLY, cron=cron), NOW) is None


@pytest.mark.parametrize(
    "cron",
    ["99 99 * * *", "hourly", "0 2", "R R * * *", "H 2 * * *", "0 2 * *\n*", "1," * 90 + "1 * * * *", "🎉 * * * *"],
)
def test_what_cannot_be_read_is_said_so(cron: str) -> None:
    """A cron expression that can't be read is shown as it is, because a description would be wrong."""
    assert in_words(cron) is None
    spans = told(cron)
    assert "which I can't read" in said(spans)
    assert any(isinstance(span, Code) for span in spans)
    assert next_run(replace(NIGHTLY, cron=cron), NOW) is None


def test_reading_a_hostile_one_takes_no_time() -> None:
    """A hostile cron expression is read in little time, whatever it contains."""
    began = time.process_time()
    for cron in (
        "0-99999999999999 * * * *",
        "*/0 * * * *",
        "0 0 29 2 1",
        "* * * * * * 1-99999999",
        ",".join(["*"] * 60),
        "0 0 31 2 *",
    ):
        in_words(cron)
        next_run(replace(NIGHTLY, cron=cron), NOW)
    assert time.process_time() - began < 2


def test_bolts_word_for_the_next_run_counts() -> None:
    """Bolt's time for the next run counts; the cron is read only if there's none or it has passed."""
    soon = NOW + timedelta(minutes=5)
    assert next_run(replace(NIGHTLY, next_run_at=soon), NOW) == NextRun(soon)
    tonight = datetime(2026, 11, 26, 2, tzinfo=UTC)
    assert next_run(NIGHTLY, NOW) == NextRun(tonight, computed=True)
    assert next_run(replace(NIGHTLY, next_run_at=NOW - timedelta(minutes=1)), NOW) == NextRun(tonight, computed=True)
    assert (
        said(next_told(NIGHTLY, NOW)) == "next run 02:00 (computed from its cron, assuming UTC) · at 02:00 (0 2 * * *)"
    )


def test_a_paused_one_has_no_next_run() -> None:
    """A paused schedule has no next run; a schedule whose cron never comes due has none either."""
    paused = replace(NIGHTLY, suspended=True, next_run_at=NOW + timedelta(hours=1))
    assert said(next_told(paused, NOW)) == "no next run · at 02:00 (0 2 * * *)"
    assert said(next_told(replace(NIGHTLY, cron="0 0 31 2 *"), NOW)).startswith("no next run · ")
    assert said(next_told(replace(NIGHTLY, cron="OFF"), NOW)) == "starts only on request (no cron)"
