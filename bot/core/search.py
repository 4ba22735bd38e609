"""Looking for schedules by a part of what they are called, or of who owns them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from bot.core.bolt import Schedule
from bot.core.command import ListCommand
from bot.core.run import is_failed


def chosen(schedules: Iterable[Schedule], command: ListCommand) -> list[Schedule]:
    """The schedules that a command asks for, by name."""
    words = folded(command.text).split()
    found = [one for one in schedules if _fits(one, command) and _holds(one, words)]
    return sorted(found, key=lambda one: (folded(one.name), one.slug))


def folded(text: str) -> str:
    """Without regard to case, accents and the width of characters."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character)).casefold()


def _fits(schedule: Schedule, command: ListCommand) -> bool:
    if command.suspended and not schedule.suspended:
        return False
    return not command.failing or (schedule.last_run_state is not None and is_failed(schedule.last_run_state))


def _holds(schedule: Schedule, words: list[str]) -> bool:
    if not words:
        return True
    text = folded(f"{schedule.name}\n{schedule.slug}\n{schedule.owner or ''}")
    return all(word in text for word in words)
