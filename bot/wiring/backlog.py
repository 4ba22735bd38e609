"""Build the metrics of the data in Redis."""

from __future__ import annotations

from bot.slack.call_limits import LIMITS
from bot.store.backlog_metrics import BacklogMetrics, Measured
from bot.store.slack_call_budget import WINDOW_S
from bot.wiring.stores import Stores


def build_backlog(stores: Stores) -> BacklogMetrics:
    """Build the metrics for every due set, and for every Slack method with a budget."""
    budget = stores.budget
    return BacklogMetrics(
        stores.scripts,
        Measured(tuple(stores.due), budget.edits, budget.edit_window_s, LIMITS, WINDOW_S),
    )
