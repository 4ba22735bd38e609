"""Long work is done in pieces, so that other tasks get their turn in between and acknowledgements go first."""

from __future__ import annotations

import asyncio

from bot.flows.cooperative import PIECE_S, Intake, in_pieces
from tests.waiting import PATIENCE_S


async def test_others_get_their_turn() -> None:
    """Every item is processed, in order; other tasks wait only until a piece has used up its time."""
    now = 0.0
    done: list[int] = []
    seen: list[int] = []

    def do(number: int) -> int:
        nonlocal now
        now += PIECE_S / 2.5
        done.append(number)
        return -number

    asyncio.get_running_loop().call_soon(lambda: seen.append(len(done)))
    assert await in_pieces(range(1, 9), do, lambda: now) == [-number for number in range(1, 9)]
    assert seen == [3]
    assert await in_pieces([], do, lambda: now) == []


async def test_a_lull_comes_once_every_request_is_acknowledged() -> None:
    """A lull comes as soon as every request is acknowledged, or at once if none is being handled."""
    intake = Intake()
    await intake.lull(within_s=0)
    with intake.handling():
        with intake.handling():
            waiting = asyncio.create_task(intake.lull(within_s=PATIENCE_S))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        assert not intake.idle.is_set()
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    assert intake.idle.is_set()


async def test_requests_that_never_cease_delay_nothing_for_long() -> None:
    """If there's no lull, the wait times out."""
    intake = Intake()
    with intake.handling():
        async with asyncio.timeout(PATIENCE_S):
            await intake.lull(within_s=0.001)
        assert not intake.idle.is_set()
