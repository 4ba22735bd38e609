"""How the process waits for its start, and ends it if it's stopped."""

from __future__ import annotations

import asyncio

from bot.process import _unless_stopped
from tests.waiting import PATIENCE_S


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
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        stopped.set()
        await waiting
    assert ended == ["cancelled"]


async def test_a_start_that_swallows_a_cancellation_is_stopped_all_the_same() -> None:
    """As one does whose connection is made at that moment: it would go on waiting for Slack or Bolt."""
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
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        stopped.set()
        await unwinding.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
        go_on.set()
    assert waiting.cancelled()
