"""Indexes of runs by person and by channel, and of the schedules a person runs most.

The scripts that change runs maintain them. Their lengths are in `scripts/shared/run_lists.lua`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model.run import CardRef, RunKey
from bot.core.model.run_index import Habits, IndexedRun, IndexPage, ScheduleHabit
from bot.store.runs import read_run
from bot.store.scripts import Scripts

# In the order in which list_runs.lua returns them, after a run's name and its card.
FIELDS = ("rev", "facts", "seen", "wish", "tries", "end", "retried")
WIDTH = 2 + len(FIELDS)


class RunIndexes:
    """Implements the flows' `Indexes` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def active_of(self, user: str, *, skip: int = 0, most: int) -> IndexPage:
        """Return the active runs that a person has asked for, newest first."""
        return await self._listed("active", [_of(user)], skip, most)

    async def active_in(
        self, channels: Sequence[str], *, skip: int = 0, most: int, without: str | None = None
    ) -> IndexPage:
        """Return the active runs with a card in these channels, newest first. `without` leaves out a person's runs."""
        return await self._listed("active", [_in(channel) for channel in channels], skip, most, without)

    async def failed(self, user: str, channels: Sequence[str], *, skip: int = 0, most: int) -> IndexPage:
        """Return a person's failed runs of the last week, and those with a card in these channels, newest first."""
        return await self._listed("failed", [_of(user), *map(_in, channels)], skip, most)

    async def newest_in(self, channel: str) -> IndexPage:
        """Return the newest run with a card in a channel in the last week, whatever its state, if there is one."""
        return await self._listed("recent", [_in(channel)], 0, 1)

    async def habits(self, user: str, *, skip: int = 0, most: int) -> Habits:
        """Return the schedules that a person runs most, most frequent first."""
        reply = await self._scripts.run("most_run_schedules", user, skip, most)
        return Habits(int(reply[0]), tuple(_habit(reply[at], reply[at + 1]) for at in range(1, len(reply), 2)))

    async def _listed(
        self, which: str, lists: Sequence[str], skip: int, most: int, without: str | None = None
    ) -> IndexPage:
        if not lists:
            return IndexPage()
        reply = await self._scripts.run("list_runs", which, skip, most, _of(without) if without else "", *lists)
        rows = (reply[at : at + WIDTH] for at in range(1, len(reply), WIDTH))
        return IndexPage(int(reply[0]), tuple(map(_indexed, rows)))


def _of(user: str) -> str:
    return f"user:{user}"


def _in(channel: str) -> str:
    return f"channel:{channel}"


def _indexed(row: Sequence[str]) -> IndexedRun:
    name, card, *fields = row
    _, channel, ts = card.split(":") if card.count(":") == 2 else ("", "", "")
    run = read_run(RunKey.parse(name), dict(zip(FIELDS, fields, strict=True)))
    return IndexedRun(run, CardRef(channel, ts) if ts else None)


def _habit(slug: str, channel_and_name: str) -> ScheduleHabit:
    channel, _, name = channel_and_name.partition(":")
    return ScheduleHabit(slug, name or slug, channel)
