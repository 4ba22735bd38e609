"""Finishing tasks when the process stops.

`bot.app` decides how long tasks have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

CANCEL_AGAIN_S = 1.0


async def finish_or_cancel(tasks: Collection[asyncio.Task[None]], within_s: float) -> int:
    """Wait for tasks to finish, and cancel those that take too long. Returns how many were cancelled."""
    if not tasks:
        return 0
    _, late = await asyncio.wait(tasks, timeout=within_s)
    # The resources of late tasks are closed next.
    await cancel_until_done(late)
    return len(late)


async def cancel_until_done(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel tasks, and wait until they have ended. Their exceptions are left to the caller.

    Before Python 3.12, a call to Redis that succeeds at the moment of the cancellation swallows it (asyncio.wait_for in
    redis-py), and the task would go on. So tasks that go on are cancelled again.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
