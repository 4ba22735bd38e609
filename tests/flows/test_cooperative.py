"""Much work is done in pieces, and others get their turn in between."""

from __future__ import annotations

import asyncio

from bot.flows.cooperative import IN_A_ROW, in_pieces


async def test_others_get_their_turn() -> None:
    """All is done, in order; what waits for the loop waits for one piece."""
    done: list[int] = []
    seen: list[int] = []

    def do(number: int) -> int:
        done.append(number)
        return -number

    asyncio.get_running_loop().call_soon(lambda: seen.append(len(done)))
    assert await in_pieces(range(1, 3 * IN_A_ROW), do) == [-number for number in range(1, 3 * IN_A_ROW)]
    assert seen == [IN_A_ROW]
    assert await in_pieces([], do) == []
