"""Finishing tasks when the process stops."""

from __future__ import annotations

import asyncio
from collections.abc import Collection


async def finish_or_cancel(tasks: Collection[asyncio.Task[None]], within_s: float) -> int:
    """Wait for tasks to finish, and cancel those that take too long. Returns how many were cancelled."""
    if not tasks:
        return 0
    _, late = await asyncio.wait(tasks, timeout=within_s)
    for task in late:
        task.cancel()
    if late:
        # Wait until these have ended too: their resources are closed next.
        await asyncio.wait(late)
    return len(late)
