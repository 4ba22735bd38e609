"""Close everything that a process has opened: every step runs, even if others fail.

The steps, and how long each may take, are in `bot.app`; `bot.process` reacts to the signal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShutdownStep:
    """One step of a shutdown, and how many seconds it may take."""

    name: str
    close: Callable[[], Awaitable[object]]
    within_s: float


async def run_shutdown(steps: tuple[ShutdownStep, ...], incident: Callable[[str, BaseException], str]) -> bool:
    """Run the steps one after another. A step that fails or takes too long is logged, and the next one runs.

    Returns True if all steps succeeded.
    """
    closed = True
    for step in steps:
        try:
            async with asyncio.timeout(step.within_s):
                await step.close()
        except Exception as error:  # noqa: BLE001 - no error may keep the rest open
            incident(f"closing {step.name}", error)
            closed = False
    return closed
