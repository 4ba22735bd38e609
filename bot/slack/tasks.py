"""What listeners start after the acknowledgement: tracked, and drained at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.core.errors import BotError

log = structlog.get_logger()

Incident = Callable[[str, BaseException], str]


class TaskRegistry:
    """Keeps the tasks that are under way. A fault in one is an incident, never silent."""

    def __init__(self, incident: Incident) -> None:
        self._incident = incident
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Awaitable[None]) -> None:
        """Run something to its end."""
        task = asyncio.ensure_future(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, within_s: float) -> int:
        """Wait for what is under way; what is late is broken off, and its number returned."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in late:
            task.cancel()
        return len(late)

    async def _run(self, work: Awaitable[None]) -> None:
        try:
            await work
        except BotError as error:
            log.warning("a request of a person failed", why=error.sentence)
        except Exception as error:  # noqa: BLE001 - the person's request ends here; the fault is logged with its id
            self._incident("listener", error)
