"""Metrics of calls to Slack, by method and outcome. docs/operate.md lists all metrics.

`bot.service_outage` counts the same calls by service.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from prometheus_client import Counter, Histogram

from bot.core.model.call_outcome import call_outcome
from bot.core.model.errors import BotError

CALLS = Histogram(
    "bolt_bot_slack_call_duration_seconds",
    "Calls to Slack, by method and outcome: ok, refused, throttled (429), or away (no usable answer).",
    ("method", "outcome"),
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 20),
)
HELD_BACK = Counter(
    "bolt_bot_slack_calls_held_back", "Calls that weren't made because Slack's limit was used up.", ("method",)
)


@contextlib.contextmanager
def measured(method: str) -> Iterator[None]:
    """Measure a call. An error that isn't a BotError, such as a cancellation, isn't counted."""
    began = time.monotonic()
    try:
        yield
    except BotError as error:
        _observe(method, error, began)
        raise
    _observe(method, None, began)


def _observe(method: str, error: BotError | None, began: float) -> None:
    CALLS.labels(method, call_outcome(error)).observe(time.monotonic() - began)
