"""Shutdown: every step is taken, even if others fail or hang."""

from __future__ import annotations

import asyncio

from bot.shutdown import ShutdownStep, run_shutdown
from tests.waiting import PATIENCE_S


async def test_a_step_that_fails_or_hangs_keeps_no_other_from_closing() -> None:
    """A step that fails or hangs is logged by its name, and the others are still taken."""
    closed: list[str] = []
    seen: list[str] = []

    async def fail() -> None:
        raise OSError("broken")

    async def hang() -> None:
        await asyncio.Event().wait()

    async def close() -> None:
        closed.append("redis")

    def incident(where: str, error: BaseException) -> str:
        seen.append(f"{where}: {type(error).__name__}")
        return "7f3a"

    steps = (ShutdownStep("the sockets", fail, 5), ShutdownStep("HTTP", hang, 0.01), ShutdownStep("Redis", close, 5))
    async with asyncio.timeout(PATIENCE_S):
        assert not await run_shutdown(steps, incident)
    assert closed == ["redis"]
    assert seen == ["closing the sockets: OSError", "closing HTTP: TimeoutError"]


async def test_what_closes_is_no_fault() -> None:
    """A step that succeeds isn't logged as a fault."""

    async def close() -> None:
        return

    def incident(where: str, error: BaseException) -> str:
        raise AssertionError(where) from error

    assert await run_shutdown((ShutdownStep("Redis", close, 5),), incident)
