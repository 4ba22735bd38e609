"""Track work that listeners start after the acknowledgement: shutdown waits for it, and people are told of failures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Gauge

from bot.core.model.asker import Asker
from bot.core.model.errors import BotError
from bot.core.text.message import Message
from bot.flows.finish_tasks import finish_or_cancel

log = structlog.get_logger()

BUSY = Gauge("bolt_bot_tasks_under_way", "Tasks that people asked for and that haven't finished yet.")

ReportFault = Callable[[str, BaseException], str]
Tell = Callable[[Asker, Message], Awaitable[object]]


class TaskRegistry:
    """Keeps running tasks. If one fails, the person who asked for it gets the reference that is logged."""

    def __init__(self, report_fault: ReportFault, tell: Tell) -> None:
        self._report_fault = report_fault
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Awaitable[None], asker: Asker) -> None:
        """Run a person's request to its end."""
        task = asyncio.ensure_future(self._run(work, asker))
        self._tasks.add(task)
        BUSY.set(len(self._tasks))
        task.add_done_callback(self._done)

    async def drain(self, within_s: float) -> int:
        """Wait for running tasks and cancel those that are late. Returns their number."""
        return await finish_or_cancel(self._tasks, within_s)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        BUSY.set(len(self._tasks))

    async def _run(self, work: Awaitable[None], asker: Asker) -> None:
        try:
            await work
        except BotError as error:
            log.warning("a person's request failed", user=asker.user, why=error.sentence)
            await self._answer(asker, f"{error.sentence} Try again in a minute.")
        except Exception as error:  # noqa: BLE001 - any error is logged, and the person notified
            reference = self._report_fault("listener", error)
            await self._answer(asker, f"Something unexpected happened (reference {reference}). Try again.")

    async def _answer(self, asker: Asker, sentence: str) -> None:
        try:
            await self._tell(asker, Message((sentence,)))
        except Exception as error:  # noqa: BLE001 - the last resort is the log
            self._report_fault("reporting a fault", error)
