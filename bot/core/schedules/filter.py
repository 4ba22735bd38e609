"""Filtering schedules by part of their name, slug or owner."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.model.bolt import Schedule
from bot.core.model.command import ListCommand
from bot.core.model.run import is_failed
from bot.core.text.name_folding import fold


def filter_schedules(schedules: Iterable[Schedule], command: ListCommand) -> list[Schedule]:
    """Return the schedules that match a list command, sorted by name."""
    words = fold(command.text).split()
    if command.text and not words:
        # A text of only dashes matches no name.
        return []
    found = [one for one in schedules if _fits(one, command) and _holds(one, words)]
    return sorted(found, key=lambda one: (fold(one.name), one.slug))


def _fits(schedule: Schedule, command: ListCommand) -> bool:
    if command.suspended and not schedule.suspended:
        return False
    return not command.failing or (schedule.last_run_state is not None and is_failed(schedule.last_run_state))


def _holds(schedule: Schedule, words: list[str]) -> bool:
    if not words:
        return True
    text = "\n".join(map(fold, (schedule.name, schedule.slug, schedule.owner or "")))
    return all(word in text for word in words)
