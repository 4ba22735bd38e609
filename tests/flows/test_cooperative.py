"""Much work is done in pieces, and others get their turn in between."""

from __future__ import annotations

import asyncio

from bot.flows.cooperative import PIECE_S, in_pieces


async def test_others_get_their_turn() -> None:
    """All is done, in order; what waits for the loop waits until a piece has taken its time."""
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
