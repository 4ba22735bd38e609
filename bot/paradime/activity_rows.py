"""Rows of the listing of schedules, which is read every few seconds: each is validated again only if it has changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.core.model import bolt
from bot.paradime import graphql_models


class ActivityRows:
    """Converts rows to the core's type, and returns the same object for a row as long as Bolt returns the same row."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, bolt.ScheduleActivity]] = {}

    def read(self, rows: Iterable[Any]) -> list[bolt.ScheduleActivity]:
        """Convert all rows of one listing. Of rows with the same slug, the last one counts. Raises ValidationError."""
        known: dict[str, tuple[Any, bolt.ScheduleActivity]] = {}
        for row in rows:
            before = self._known.get(_name(row))
            activity = before[1] if before is not None and before[0] == row else _validated(row)
            known[activity.slug] = (row, activity)
        self._known = known
        return [activity for _, activity in known.values()]


def _validated(row: object) -> bolt.ScheduleActivity:
    return graphql_models.ScheduleActivity.model_validate(row).core()


def _name(row: object) -> str:
    return str(row.get("slug") or row.get("name") or "") if isinstance(row, dict) else ""
