"""Build the metrics of what is recorded in Redis."""

from __future__ import annotations

from bot.parts.stores import Stores
from bot.slack.call_pace import LIMITS
from bot.store.backlog_metrics import BacklogMetrics, Measured
from bot.store.call_budget import WINDOW_S


def build_backlog(stores: Stores) -> BacklogMetrics:
    """Build them for every due set, and for every Slack method with a budget."""
    budget = stores.budget
    return BacklogMetrics(
        stores.scripts,
        Measured(tuple(stores.due), budget.edits, budget.edit_window_s, LIMITS, WINDOW_S),
    )
