"""The owners of schedules in Slack, according to a file. Other owners are looked up by their email address.

`bot.flows.find_owners` looks them up, and `bot.flows.mention_owner` decides how they're named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.model.run_end import WatchedSchedule
from bot.core.text.email_addresses import address_in
from bot.core.text.name_folding import fold
from bot.core.watching.cover import matches


@dataclass(frozen=True, slots=True)
class Owners:
    """The ids of users and user groups, by schedule (the first matching pattern decides) and by owner as Bolt names it.

    A pattern is a slug or a glob. Owners are compared by `owner_key`.
    """

    by_schedule: tuple[tuple[str, str], ...] = ()
    by_owner: Mapping[str, str] = field(default_factory=dict)

    def id_of(self, schedule: WatchedSchedule) -> str | None:
        """The user or user group that owns a schedule, or None if neither the schedule nor its owner is in the file."""
        found = next((who for pattern, who in self.by_schedule if matches(pattern, schedule)), None)
        if found is None and schedule.owner:
            found = self.by_owner.get(owner_key(schedule.owner))
            address = address_in(schedule.owner)
            if found is None and address is not None:
                found = self.by_owner.get(owner_key(address))
        return found


def owner_key(owner: str) -> str:
    """The key by which owners are compared: names are folded, but addresses must be equal apart from case."""
    word = owner.strip()
    return word.lower() if address_in(word) == word.lower() else fold(word) or word


def is_group(who: str) -> bool:
    """Whether an id is a user group's."""
    return who.startswith("S")
