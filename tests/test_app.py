"""How the process waits, starts and stops, apart from what it works with."""

from __future__ import annotations

import asyncio

from bot.app import _unless_stopped


async def test_a_start_that_is_stopped_is_cancelled() -> None:
    """SIGTERM ends the wait for Slack or Bolt, and is no fault."""
    begun, stopped = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def starting() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    waiting = asyncio.create_task(_unless_stopped(starting(), stopped))
    async with asyncio.timeout(5):
        await begun.wait()
        stopped.set()
        await waiting
    assert ended == ["cancelled"]


async def test_whoever_waits_for_a_start_can_be_cancelled() -> None:
    """Also while the start takes its time to end: the cancellation reaches the caller."""
    begun, stopped, unwinding, go_on = (asyncio.Event() for _ in range(4))

    async def starting() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            unwinding.set()
            await go_on.wait()

    waiting = asyncio.create_task(_unless_stopped(starting(), stopped))
    async with asyncio.timeout(5):
        await begun.wait()
        stopped.set()
        await unwinding.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
        go_on.set()
    assert waiting.cancelled()
