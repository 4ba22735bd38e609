"""Runs and schedules as the indexes list them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.run import CardRef, Run


@dataclass(frozen=True, slots=True)
class IndexedRun:
    """A run that was found in an index, and its card: the one in the channel where it was found, else its owner."""

    run: Run
    card: CardRef | None = None


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Some of the runs of an index, and how many there are."""

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
    """Some of the schedules that a person often runs, and how many there are."""

    total: int = 0
    schedules: tuple[ScheduleHabit, ...] = ()
