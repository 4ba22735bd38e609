"""The figures of a history, and the sentence that states them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import RunSummary
from bot.core.runs.history import ALT_LIMIT, History, alt_text, ceiling_s, history, percent, sparkline, summary

FIRST = datetime(2026, 11, 1, 2, tzinfo=UTC)
STATES = {
    "S": "SUCCESS",
    "F": "ERROR",
    "f": "FAILED",
    "C": "CANCELED",
    "K": "SKIPPED",
    "L": "lost",
    "R": "RUNNING",
    "?": "DEPLOYING",
}


def runs(*each: tuple[str, float | None]) -> list[RunSummary]:
    """A listing of these runs, given oldest first."""
    made = []
    for number, (letter, seconds) in enumerate(each):
        began = FIRST + timedelta(days=number)
        ended = None if seconds is None else began + timedelta(seconds=seconds)
        made.append(RunSummary(100 + number, STATES[letter], "key", started_at=began, ended_at=ended))
    return made[::-1]


def of(*each: tuple[str, float | None]) -> History:
    """The history of these runs, oldest first."""
    return history("Nightly", runs(*each))


def test_only_what_is_over_counts_oldest_first() -> None:
    """Only runs that are over count, oldest first; running ones and unknown states don't."""
    shown = of(("S", 60), ("F", 30), ("?", None), ("R", None))
    assert [(bar.run_id, bar.outcome, bar.seconds) for bar in shown.bars] == [
        (100, "succeeded", 60),
        (101, "failed", 30),
    ]


def test_the_numbers() -> None:
    """Durations are those of successes; the rate counts only runs that succeeded or failed."""
    shown = of(
        *[("S", float(10 * number)) for number in range(1, 21)], ("F", 1), ("f", 2), ("C", 9000), ("K", 0), ("L", None)
    )
    assert (shown.median_s, shown.p95_s) == (105, 190)
    assert shown.success_rate == 20 / 22
    assert [shown.count(one) for one in ("succeeded", "failed", "cancelled", "skipped", "other")] == [20, 2, 1, 1, 1]
    assert shown.longest is not None
    assert (shown.longest.run_id, shown.longest.seconds) == (122, 9000)


def test_without_a_success_there_is_no_median() -> None:
    """Without a success there's no median; without a success or a failure, there's no rate."""
    assert (of(("F", 1), ("F", 2)).median_s, of(("F", 1), ("F", 2)).success_rate) == (None, 0.0)
    assert of(("C", 1), ("K", None)).success_rate is None
    assert not of(("S", 1)).is_enough


@pytest.mark.parametrize(("rate", "told"), [(1, "100%"), (0, "0%"), (0.999, "99%"), (0.001, "1%"), (0.5, "50%")])
def test_a_rate_is_never_rounded_to_a_certainty(rate: float, told: str) -> None:
    """A rate is rounded to 100% only if none failed, and to 0% only if none succeeded."""
    assert percent(rate) == told


def test_the_words_say_what_the_picture_shows() -> None:
    """The words give the count, success rate, median, p95, longest run and trend of failures."""
    shown = of(("S", 60), ("S", 120), ("S", 60), ("F", 30), ("F", 30), ("C", 5))
    assert summary(shown) == (
        "the last 6 runs that ended: 3 succeeded, 2 failed, 1 cancelled; success rate 60% (not counting those that neither succeeded nor failed); "
        "successful runs took 1 min (median) and 2 min (p95); the longest, run 101 (succeeded), took 2 min. "
        "The newer half of the runs failed more often than the older half (2 versus 0 of 3 runs)."
    )
    assert alt_text(shown).startswith("Nightly: the last 6 runs")


@pytest.mark.parametrize(
    ("letters", "trend"),
    [
        ("SSSS", "None failed."),
        ("FFSS", "less often than the older half (0 versus 2 of 2 runs)"),
        ("SFSF", "as often as the older half (1 versus 1 of 2 runs)"),
        ("SFS", ""),
    ],
)
def test_the_trend_of_failures(letters: str, trend: str) -> None:
    """The newer half is compared with the older half; with too few runs, nothing is said."""
    words = summary(of(*[(letter, 10.0) for letter in letters]))
    assert trend in words
    assert bool(trend) == ("half" in words or "None" in words)


def test_the_alternative_text_fits_whatever_the_name() -> None:
    """The alternative text fits Slack's limit, whatever the name."""
    shown = history("🎉" * 5000, runs(*[("S", 3e6), ("F", 1e9)] * 50))
    assert len(alt_text(shown)) <= ALT_LIMIT


def test_one_long_run_does_not_flatten_the_others() -> None:
    """One run that is far longer than the others is cut off; runs of similar length aren't."""
    assert ceiling_s(of(*[("S", 100.0)] * 20, ("S", 90_000))) == 150
    assert ceiling_s(of(("S", 100), ("S", 130), ("S", 390))) == 390
    assert ceiling_s(of(("S", 0), ("S", 0))) == 1
    assert ceiling_s(of(("S", None), ("C", None))) == 1


def test_a_sparkline_is_as_high_as_the_runs_are_long() -> None:
    """A sparkline shows the newest thirty durations, and is empty if too few are known."""
    assert sparkline(of(("S", 0), ("S", 50), ("S", 100))) == "▁▄█"
    assert len(sparkline(of(*[("S", 10.0)] * 50))) == 30
    assert sparkline(of(("S", None), ("S", 5))) == ""
    assert set(sparkline(of(("S", 0), ("S", 0)))) == {"▁"}
