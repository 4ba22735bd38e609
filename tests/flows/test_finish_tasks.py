"""Tasks still running when the process stops may finish, and are cancelled if they take too long."""

from __future__ import annotations

import asyncio

from bot.flows.finish_tasks import cancel_until_done, finish_or_cancel


async def test_what_is_late_is_cancelled_and_has_ended() -> None:
    """A task that finishes in time isn't cancelled; one that is cancelled can still clean up."""
    tidied: list[str] = []

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.append("late")

    async def quick() -> None:
        await asyncio.sleep(0)

    late, done = asyncio.create_task(hangs()), asyncio.create_task(quick())
    assert await finish_or_cancel({late, done}, 0.05) == 1
    assert (late.cancelled(), done.cancelled(), tidied) == (True, False, ["late"])


async def test_nothing_under_way_takes_no_time() -> None:
    """There is nothing to wait for."""
    assert await finish_or_cancel(set(), 60) == 0


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    """A call to Redis may swallow the cancellation by succeeding at the same moment."""
    swallowed = asyncio.Event()

    async def swallows() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    task, done = asyncio.create_task(swallows()), asyncio.create_task(asyncio.sleep(0))
    await done
    async with asyncio.timeout(10):
        await cancel_until_done([task, done])
    assert swallowed.is_set()
    assert (task.cancelled(), done.cancelled()) == (True, False)
