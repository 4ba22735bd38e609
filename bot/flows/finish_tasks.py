"""Ending what is under way when the process stops."""

from __future__ import annotations

import asyncio
from collections.abc import Collection


async def finish_or_cancel(tasks: Collection[asyncio.Task[None]], within_s: float) -> int:
    """Wait until tasks are done, and cancel those that take longer. Returns how many were cancelled; they have ended too."""
    if not tasks:
        return 0
    _, late = await asyncio.wait(tasks, timeout=within_s)
    for task in late:
        task.cancel()
    if late:
        # What they use is closed next.
        await asyncio.wait(late)
    return len(late)
