"""Handle clicks on an outage's message. A click applies to each incident that is listed when it's made.

Each incident is changed by `bot.flows.handle_incident`; the buttons are in `bot.core.views.outage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.core.model.incident import Incident
from bot.core.model.outage import Outage
from bot.core.text.message import Message
from bot.core.text.text import plural
from bot.core.views.outage import outage_list, outage_taken_message
from bot.core.watching.snooze import SnoozeChoice
from bot.flows.ports.watch_store import Outages
from bot.flows.read_incident_retries import IncidentRetries

GONE = "I no longer have a record of this outage, so I didn't do anything."
OVER = "Nothing in this outage is failing anymore, so there's nothing left to do."


class OutageHandler:
    """Carries out clicks on an outage's buttons. All methods raise StoreUnavailable."""

    def __init__(self, outages: Outages, retries: IncidentRetries, *, app_url: str, slash_command: str) -> None:
        self._outages = outages
        self._retries = retries
        self._app_url = app_url
        self._slash_command = slash_command

    async def find_failing(self, channel: str, number: int) -> Outage | Message:
        """Find an outage in which something still fails; if there's none, say why there's nothing to do."""
        outage = await self._outages.load_outage(channel, number)
        if outage is None:
            return Message((GONE,))
        return await self._retries.read_outage(outage) if outage.failing else Message((OVER,))

    def list_schedules(self, outage: Outage) -> Message:
        """List all schedules of an outage, by cause."""
        return outage_list(outage, self._app_url, self._slash_command)

    @staticmethod
    def left_to_take(outage: Outage, user: str) -> Outage | Message:
        """The part of an outage that nobody is on.

        If somebody is on every schedule, returns a message that says who, or the whole outage if it's only this
        person.
        """
        free = tuple(one for one in outage.failing if one.on_it is None)
        if free:
            return replace(outage, members=free)
        others = any(one.on_it is not None and one.on_it.user != user for one in outage.failing)
        return outage_taken_message(outage) if others else outage

    @staticmethod
    def partly_done(done: Sequence[Incident], refused: Sequence[Incident]) -> Message | None:
        """Say for how many schedules the action was refused.

        Returns None if it was done for all of them: the outage's message already shows that.
        """
        if not refused:
            return None
        if not done:
            return Message(("You aren't allowed to do that for any of these schedules, so I didn't do anything.",))
        return Message(
            (f"Done for {plural(len(done), 'schedule')}. You aren't allowed to do that for the other {len(refused)}.",)
        )


def snooze_choice(value: str) -> tuple[int, SnoozeChoice] | None:
    """Read the value of a chosen option: for how long, and which outage. Returns None if the value is malformed."""
    choice, _, number = value.partition(":")
    if choice not in set(SnoozeChoice) or not number.isdecimal() or len(number) > 12:
        return None
    return int(number), SnoozeChoice(choice)
