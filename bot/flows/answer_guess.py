"""Answering lines that aren't commands: possible meanings as buttons. Only reads are carried out right away.

`bot.core.schedules.resolve_guess` finds the meanings, and `bot.core.views.guess` puts them into words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.core.commands.guess import Guess
from bot.core.model.bolt import RunSummary, Schedule
from bot.core.model.command import Command, RetryCommand
from bot.core.model.errors import BoltError, StoreUnavailable
from bot.core.model.run import Run, RunKey
from bot.core.schedules.resolve_guess import Meaning, answers, resolve
from bot.core.text.message import Message
from bot.core.views.guess import guess_answer
from bot.core.views.store_unavailable import database
from bot.flows.find_schedule import unread
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Indexes, Runs
from bot.flows.run_listings import LISTED
from bot.flows.schedule_catalog import ScheduleCatalog


class GuessAnswerer:
    """Resolves guesses. Resolving a guess never starts, cancels or changes anything."""

    def __init__(self, catalog: ScheduleCatalog, bolt: Bolt, runs: Runs, indexes: Indexes, *, workspace: str) -> None:
        self._catalog = catalog
        self._bolt = bolt
        self._runs = runs
        self._indexes = indexes
        self._workspace = workspace

    async def answer(self, guess: Guess, channel: str) -> Message | Command:
        """Return the answer, or a read-only command to carry out. `channel` is where the line was typed."""
        try:
            if guess.here:
                return await self._of_newest(guess, channel)
            meaning = resolve(guess, await self._schedules())
            if meaning.command is not None:
                return meaning.command
            runs = await self._newest(meaning) if meaning.needs_runs else {}
        except BoltError as error:
            return Message((f"{guess.sentence} {unread(error)}",))
        except StoreUnavailable as error:
            return Message((f"{database(error)} Nothing was done. Try again in a minute.",))
        return guess_answer(guess.sentence, meaning, answers(meaning, runs, await self._titles(meaning)))

    async def newest_in(self, channel: str) -> Run | None:
        """The newest run with a card in a channel, or None if there's none. Raises StoreUnavailable."""
        found = await self._indexes.newest_in(channel)
        return found.runs[0].run if found.runs else None

    async def _of_newest(self, guess: Guess, channel: str) -> Message:
        """Answer *cancel last* or *retry last* with this channel's newest run. Raises StoreUnavailable."""
        run = await self.newest_in(channel) if channel else None
        if run is None:
            return Message((f"I don't know of any runs in this channel. {guess.sentence}",))
        retries = isinstance(guess.literal, RetryCommand)
        meaning = Meaning("retry" if retries else "cancel", run_ids=(run.id,))
        return guess_answer(guess.sentence, meaning, answers(meaning, titles={run.id: run.facts.slug or run.title}))

    async def _schedules(self) -> Sequence[Schedule]:
        """Return all schedules, or the last known list if Bolt is down. Raises BoltError if there never was a list."""
        try:
            return await self._catalog.all_schedules()
        except BoltError:
            schedules, at = self._catalog.last_list()
            if at is None:
                raise
            return schedules

    async def _newest(self, meaning: Meaning) -> dict[str, Sequence[RunSummary]]:
        """Read the newest runs of the schedules in question, newest first. Raises BoltError."""
        slugs = [schedule.slug for schedule in meaning.schedules]
        listed = await asyncio.gather(*(self._bolt.runs(slug, LISTED) for slug in slugs))
        return dict(zip(slugs, listed, strict=True))

    async def _titles(self, meaning: Meaning) -> dict[int, str]:
        """Return the names of the runs' schedules, as far as they're on record."""
        titles: dict[int, str] = {}
        for run_id in meaning.run_ids:
            try:
                run = await self._runs.load_run(RunKey(self._workspace, run_id))
            except StoreUnavailable:
                break
            if run is not None and run.facts.slug:
                titles[run_id] = run.facts.slug
        return titles
