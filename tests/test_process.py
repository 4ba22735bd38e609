"""How the process waits for startup, and ends it if it's stopped.

Signals and readiness are tested with a whole bot in tests/e2e/test_process.py.
"""

from __future__ import annotations

import asyncio

from bot.process import _unless_stopped
from tests.waiting import PATIENCE_S


async def test_a_start_that_is_stopped_is_cancelled() -> None:
    """A start that's stopped is cancelled, without an error."""
    begun, stopped = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def starting() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    waiting = asyncio.create_task(_unless_stopped(starting(), stopped))
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        stopped.set()
        await waiting
    assert ended == ["cancelled"]


async def test_a_start_that_swallows_a_cancellation_is_stopped_all_the_same() -> None:
    """If startup swallows a cancellation, as it may while it opens a connection, it's cancelled again."""
    begun, stopped = asyncio.Event(), asyncio.Event()
    swallowed: list[str] = []

    async def starting() -> None:
        while True:
            try:
                begun.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append("a cancellation")

    waiting = asyncio.create_task(_unless_stopped(starting(), stopped))
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        stopped.set()
        await waiting
    assert swallowed == ["a cancellation"]


async def test_whoever_waits_for_a_start_can_be_cancelled() -> None:
    """The caller can be cancelled while the start is slow to end."""
    begun, stopped, unwinding, go_on = (asyncio.Event() for _ in range(4))

    async def starting() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            unwinding.set()
            await go_on.wait()

    waiting = asyncio.create_task(_unless_stopped(starting(), stopped))
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        stopped.set()
        await unwinding.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
        go_on.set()
    assert waiting.cancelled()
