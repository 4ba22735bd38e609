"""Pausing and resuming schedules: after a confirmation, reporting the actual result.

The wording is in `bot.core.views.pause_question`.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.core.model.asker import Asker
from bot.core.model.bolt import Schedule
from bot.core.model.command import PauseCommand
from bot.core.model.errors import BoltDenied, BoltError, BoltOutcomeUnknown, BoltRejected
from bot.core.text.message import Message
from bot.core.views import pause_question
from bot.core.views.schedule_page import YAML
from bot.flows.find_schedule import ScheduleFinder, unread
from bot.flows.ports.bolt import Bolt
from bot.flows.read_schedules import fresh
from bot.flows.schedule_catalog import ScheduleCatalog

log = structlog.get_logger()


class SchedulePauser:
    """Answers `pause` and `resume`, and carries them out once confirmed."""

    def __init__(self, bolt: Bolt, catalog: ScheduleCatalog, finder: ScheduleFinder) -> None:
        self._bolt = bolt
        self._catalog = catalog
        self._finder = finder

    async def ask_confirmation(self, command: PauseCommand) -> Message:
        """Return the confirmation, or why there's nothing to confirm."""
        schedule = await self._ready(command, reached=pause_question.already)
        return schedule if isinstance(schedule, Message) else pause_question.question(schedule, pause=command.pause)

    async def pause_or_resume(self, asker: Asker, command: PauseCommand) -> Message:
        """Pause or resume the schedule, and report the result."""
        # A second click, even by another person, gets the same answer as the first, because its answer replaces the
        # first one.
        schedule = await self._ready(command, reached=pause_question.done)
        if isinstance(schedule, Message):
            return schedule
        verb = "pause" if command.pause else "resume"
        log.info("asking Bolt to pause or resume a schedule", slug=schedule.slug, verb=verb, user=asker.user)
        try:
            await self._bolt.suspend(schedule.slug, suspend=command.pause)
        except BoltOutcomeUnknown:
            return await self._look(schedule, pause=command.pause)
        except (BoltRejected, BoltDenied) as refused:
            log.info("Bolt refused to pause or resume a schedule", slug=schedule.slug, verb=verb, why=refused.sentence)
            return pause_question.refused(schedule, refused.sentence, pause=command.pause)
        except BoltError as error:
            return Message((f"{unread(error)} Nothing was changed.",))
        finally:
            self._catalog.forget()
        return pause_question.done(schedule, pause=command.pause)

    async def _ready(self, command: PauseCommand, *, reached: Callable[..., Message]) -> Schedule | Message:
        """The schedule's current state, or why there's nothing to do. `reached` replies if nothing has to change."""
        named = await self._finder.find_any(command.schedule_text, lambda slug: PauseCommand(slug, command.pause))
        if isinstance(named, Message):
            return named
        if not named.active:
            return pause_question.inactive(named.schedule)
        try:
            schedule = fresh(named.schedule, await self._bolt.schedule(named.schedule.slug))
        except BoltError as error:
            return Message((f"{unread(error)} Nothing was changed.",))
        if schedule.suspended == command.pause:
            return reached(schedule, pause=command.pause)
        if schedule.source.strip().lower() == YAML:
            return pause_question.from_yaml(schedule, pause=command.pause)
        return schedule

    async def _look(self, schedule: Schedule, *, pause: bool) -> Message:
        """Read the schedule after a lost response, to see whether it was changed."""
        try:
            details = await self._bolt.schedule(schedule.slug)
        except BoltError:
            return pause_question.unclear(schedule, pause=pause)
        if details.suspended is None:
            return pause_question.unclear(schedule, pause=pause)
        if details.suspended == pause:
            return pause_question.done(schedule, pause=pause)
        return pause_question.not_done(schedule, pause=pause)
