"""History of a schedule's runs: the figures, the data of its chart, and a summary in words.

Only runs that have ended count. Durations count only successes, because failures are short or long for other reasons.

`bot.flows.history` posts the chart, and `bot.charts.history` draws it. `bot.core.commands.verbs` decides how many runs
may be asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Literal

from bot.core.model.bolt import RunSummary
from bot.core.model.run import is_failed, is_final
from bot.core.text.text import cut, duration, plural

Outcome = Literal["succeeded", "failed", "cancelled", "skipped", "other"]
OUTCOMES: tuple[Outcome, ...] = ("succeeded", "failed", "cancelled", "skipped", "other")

# Fewer runs than this aren't enough for a history.
LEAST = 2
# Slack's limit for an image's alternative text.
ALT_LIMIT = 1000
NAME_SHOWN = 100
# A run that takes this many times the others' duration would make their bars indistinguishably small.
OUTLIER = 4.0
SPARKS = "▁▂▃▄▅▆▇█"
SPARKS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A run that has ended. `seconds` is None if Bolt doesn't report its times."""

    run_id: int
    outcome: Outcome
    seconds: float | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """A schedule's runs that have ended, oldest first."""

    name: str
    bars: tuple[Bar, ...]

    def count(self, outcome: Outcome) -> int:
        """The number of runs with this outcome."""
        return sum(bar.outcome == outcome for bar in self.bars)

    @property
    def lengths(self) -> list[float]:
        """Durations of the successes in seconds, shortest first."""
        return sorted(bar.seconds for bar in self.bars if bar.outcome == "succeeded" and bar.seconds is not None)

    @property
    def median_s(self) -> float | None:
        """Median duration of the successes in seconds."""
        return median(self.lengths) if self.lengths else None

    @property
    def p95_s(self) -> float | None:
        """95th percentile of the successes' durations, in seconds."""
        lengths = self.lengths
        return lengths[math.ceil(0.95 * len(lengths)) - 1] if lengths else None

    @property
    def success_rate(self) -> float | None:
        """Share of successes among the runs that succeeded or failed."""
        judged = self.count("succeeded") + self.count("failed")
        return self.count("succeeded") / judged if judged else None

    @property
    def longest(self) -> Bar | None:
        """The run that took the longest."""
        timed = [bar for bar in self.bars if bar.seconds is not None]
        return max(timed, key=lambda bar: bar.seconds or 0) if timed else None

    @property
    def is_enough(self) -> bool:
        """Whether there are enough runs for a chart."""
        return len(self.bars) >= LEAST


def history(name: str, runs: Sequence[RunSummary]) -> History:
    """Build the history from a listing, which is sorted newest first."""
    return History(name, tuple(_bar(run) for run in reversed(runs) if is_final(run.state)))


def percent(rate: float) -> str:
    """Format a rate as `92%`. The rate is never 100% if a run failed, and never 0% if one succeeded."""
    shown = round(100 * rate)
    if 0 < rate < 1:
        shown = min(99, max(1, shown))
    return f"{shown}%"


def ceiling_s(shown: History) -> float:
    """The top of the chart's scale in seconds. A much longer run is cut off and labeled with its duration."""
    lengths = sorted(bar.seconds for bar in shown.bars if bar.seconds is not None)
    if not lengths:
        return 1.0
    usual = lengths[math.ceil(0.9 * len(lengths)) - 1] if len(lengths) > LEAST else lengths[-1]
    longest = lengths[-1]
    return max(1.0, usual * 1.5 if 0 < usual * OUTLIER < longest else longest)


def summary(shown: History) -> str:
    """Summarize the chart: how many runs, how many succeeded, durations, the longest run, and the trend of failures."""
    parts = [_counted(shown)]
    if shown.median_s is not None and shown.p95_s is not None:
        parts.append(f"successful runs took {duration(shown.median_s)} (median) and {duration(shown.p95_s)} (p95)")
    longest = shown.longest
    if longest is not None and longest.seconds is not None:
        parts.append(f"the longest, run {longest.run_id} ({longest.outcome}), took {duration(longest.seconds)}")
    sentence = f"{'; '.join(parts)}. {_trend(shown)}"
    return cut(sentence.strip(), ALT_LIMIT - NAME_SHOWN - 10)


def alt_text(shown: History) -> str:
    """Alternative text for the chart's image."""
    return cut(f"{cut(shown.name, NAME_SHOWN)}: {summary(shown)}", ALT_LIMIT)


def sparkline(shown: History) -> str:
    """Durations of the newest runs as a row of small bars, or an empty string if fewer than LEAST are known."""
    lengths = [bar.seconds for bar in shown.bars[-SPARKS_SHOWN:] if bar.seconds is not None]
    if len(lengths) < LEAST:
        return ""
    top = min(max(lengths), ceiling_s(shown))
    return "".join(
        SPARKS[min(len(SPARKS) - 1, int(one / top * (len(SPARKS) - 1)))] if top else SPARKS[0] for one in lengths
    )


def _bar(run: RunSummary) -> Bar:
    seconds = None
    if run.started_at and run.ended_at:
        seconds = max(0.0, (run.ended_at - run.started_at).total_seconds())
    return Bar(run.id, _outcome(run.state), seconds, run.started_at)


def _outcome(state: str) -> Outcome:
    if is_failed(state):
        return "failed"
    found: dict[str, Outcome] = {"SUCCESS": "succeeded", "CANCELED": "cancelled", "SKIPPED": "skipped"}
    return found.get(state, "other")


def _counted(shown: History) -> str:
    """Count the outcomes, as in `the last 30 runs that ended: 27 succeeded, 3 failed; success rate 90%`."""
    counts = [f"{shown.count(outcome)} {outcome}" for outcome in OUTCOMES if shown.count(outcome)]
    rate, judged = shown.success_rate, shown.count("succeeded") + shown.count("failed")
    others = " (not counting those that neither succeeded nor failed)" if judged < len(shown.bars) else ""
    told = f"; success rate {percent(rate)}{others}" if rate is not None else ""
    number = len(shown.bars)
    return f"the last {plural(number, 'run')} that ended: {', '.join(counts)}{told}"


def _trend(shown: History) -> str:
    """Compare the failures of the newer half with those of the older half."""
    half = len(shown.bars) // 2
    if half < LEAST:
        return ""
    older, newer = (sum(bar.outcome == "failed" for bar in part) for part in (shown.bars[:half], shown.bars[-half:]))
    if not older and not newer:
        return "None failed."
    word = "as often as" if older == newer else "more often than" if newer > older else "less often than"
    return f"The newer half of the runs failed {word} the older half ({newer} versus {older} of {half} runs)."
