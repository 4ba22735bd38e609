"""Metrics of the data in Redis, measured when /metrics is read: waiting work, and the remaining budgets for Slack.

The metrics describe the whole deployment, so every process reports the same values. docs/operate.md lists all metrics;
the others are declared beside the code that they measure: `bot.flows.start` for starts, `bot.slack.call_metrics` for
Slack's calls, `bot.paradime.transport` for Bolt's.

The script `measure_backlog.lua` measures.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.core.model.errors import StoreUnavailable
from bot.store.due_sets import microseconds
from bot.store.scripts import Scripts

# However often the metrics are read, Redis is asked no more often than this.
FRESH_S = 2.0
MEASURE_S = 1.5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """The due sets to measure, and how many calls to Slack are allowed in a sliding window.

    `edits` is the limit of chat.update, and `calls` has the limits of other methods.
    """

    due_sets: tuple[str, ...]
    edits: int
    edit_window_s: float
    calls: Mapping[str, int]
    call_window_s: float


class BacklogMetrics(Collector):
    """Measures the backlog with one script, and renders it as text. While Redis is unavailable, it has no values."""

    def __init__(self, scripts: Scripts, measured: Measured, clock: Callable[[], float] = time.monotonic) -> None:
        self._scripts = scripts
        self._measured = measured
        self._clock = clock
        self._found: Json | None = None
        self._until = float("-inf")
        self._turn = asyncio.Lock()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    async def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        async with self._turn:
            if self._clock() >= self._until:
                self._found = await self._measure()
                self._until = self._clock() + FRESH_S
            return generate_latest(self._registry)

    async def _measure(self) -> Json | None:
        measured = self._measured
        try:
            async with asyncio.timeout(MEASURE_S):
                found: Json = json.loads(
                    await self._scripts.run(
                        "measure_backlog",
                        ",".join(measured.due_sets),
                        ",".join(measured.calls),
                        microseconds(measured.edit_window_s),
                        microseconds(measured.call_window_s),
                    )
                )
        except (StoreUnavailable, TimeoutError):
            return None
        return found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the latest measurements. If there are none, the metrics have no values."""
        found = self._found
        yield from _by_due_set(found)
        yield from _by_lane(found)
        yield from _budgets(found, {**self._measured.calls, "chat.update": self._measured.edits})
        yield from _totals(found)


def _by_due_set(found: Json | None) -> Iterator[GaugeMetricFamily]:
    size = _gauge("due_set_members", "Entries of a due set: work that is due, leased or scheduled.", "due_set")
    overdue = _gauge(
        "due_set_overdue_seconds", "How long the first unclaimed entry of a due set has been due.", "due_set"
    )
    for name, (count, overdue_s) in (found or {}).get("due", {}).items():
        size.add_metric([name], count)
        overdue.add_metric([name], overdue_s)
    yield size
    yield overdue


def _by_lane(found: Json | None) -> Iterator[GaugeMetricFamily]:
    waiting = _gauge("lane_items", "Edits and posts that are waiting for Slack's budget, by class.", "lane", "class")
    overdue = _gauge(
        "lane_overdue_seconds",
        "How long the first edit or post of a class has been due. A retry starts from zero.",
        "lane",
        "class",
    )
    for lane, classes in (found or {}).get("lanes", {}).items():
        for name, (count, overdue_s) in classes.items():
            waiting.add_metric([lane, name], count)
            overdue.add_metric([lane, name], overdue_s)
    yield waiting
    yield overdue


def _budgets(found: Json | None, limits: Mapping[str, int]) -> Iterator[GaugeMetricFamily]:
    limit = _gauge("slack_budget_limit", "Calls a minute that the bot allows itself, by Slack method.", "method")
    left = _gauge("slack_budget_left", "Calls left in this minute, by Slack method.", "method")
    held = _gauge(
        "hold_seconds",
        "How much longer a Slack method or a due set stays unused because Slack or Bolt asked the bot to wait (429).",
        "work",
    )
    if found is not None:
        for method, most in sorted(limits.items()):
            limit.add_metric([method], most)
            left.add_metric([method], max(0, most - found["used"][method]))
        for name, hold_s in sorted(found["held"].items()):
            held.add_metric([name], hold_s)
    yield limit
    yield left
    yield held


def _totals(found: Json | None) -> Iterator[GaugeMetricFamily]:
    helps = {
        "active_runs": "Runs that are being followed and haven't ended.",
        "untold_ends": "Runs that have ended, but whose end hasn't been posted in a thread yet.",
        "untold_end_age_seconds": "How long the bot has known about the oldest end that hasn't been posted.",
        "watches": "Watches, across all channels.",
        "open_incidents": "Watched schedules that are failing, counted in each channel.",
        "listing_age_seconds": "Seconds since the last complete listing of watched schedules. Absent while nothing is watched.",
    }
    for name, help_text in helps.items():
        family = _gauge(name, help_text)
        if found is not None and name in found["totals"]:
            family.add_metric([], found["totals"][name])
        yield family


def _gauge(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"bolt_bot_{name}", help_text, labels=labels)
