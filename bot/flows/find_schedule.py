"""Finding the schedule that a person means, including inactive ones, for commands that only read.

`bot.core.schedules.lookup` decides how names are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.model.bolt import Schedule
from bot.core.model.command import Command
from bot.core.model.errors import BoltDenied, BoltError, BoltRejected
from bot.core.schedules.lookup import find_schedule
from bot.core.text.message import Message
from bot.core.views.schedule_not_found import did_you_mean
from bot.flows.ports.bolt import Bolt
from bot.flows.schedule_catalog import ScheduleCatalog


@dataclass(frozen=True, slots=True)
class FoundSchedule:
    """The schedule that was found."""

    schedule: Schedule
    active: bool = True


class ScheduleFinder:
    """Resolves names and slugs."""

    def __init__(self, bolt: Bolt, catalog: ScheduleCatalog) -> None:
        self._bolt = bolt
        self._catalog = catalog

    async def find_any(self, schedule_text: str, again: Callable[[str], Command]) -> FoundSchedule | Message:
        """Find a schedule by name or slug, or return the answer instead. `again` builds the same command for a slug."""
        try:
            found = await self._catalog.find_schedule(schedule_text)
            if isinstance(found, Schedule):
                return FoundSchedule(found)
            inactive = find_schedule(schedule_text, await self._bolt.schedules(inactive=True))
        except BoltError as error:
            return Message((unread(error),))
        if isinstance(inactive, Schedule):
            return FoundSchedule(inactive, active=False)
        return did_you_mean(schedule_text, found, again)


def unread(error: BoltError) -> str:
    """Explain why Bolt couldn't be read, and what to do."""
    sentence = error.sentence if error.sentence.endswith((".", "?", "!")) else f"{error.sentence}."
    if isinstance(error, BoltDenied):
        return f"{sentence} Tell whoever runs this bot."
    return f"{sentence} {'Check in Bolt instead.' if isinstance(error, BoltRejected) else 'Try again in a minute.'}"
