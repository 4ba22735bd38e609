"""Runs and schedules as the indexes list them.

`scripts/shared/run_lists.lua` decides how long these lists are.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.run import CardRef, Run


@dataclass(frozen=True, slots=True)
class IndexedRun:
    """A run found in an index, with its card in the channel of the search, or else its owning card."""

    run: Run
    card: CardRef | None = None


@dataclass(frozen=True, slots=True)
class IndexPage:
    """A page of an index's runs, and the total."""

    total: int = 0
    runs: tuple[IndexedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleHabit:
    """A schedule that a person often runs, and the channel of that person's last run of it."""

    slug: str
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class Habits:
    """A page of the schedules that a person runs, most frequent first, and the total number of them."""

    total: int = 0
    schedules: tuple[ScheduleHabit, ...] = ()
