"""Much work at once, in pieces: commands are acknowledged in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A command needs some ten turns of the loop until it is acknowledged, and each turn takes a piece of each piece of work under way.
PIECE_S = 0.001


async def in_pieces(
    items: Iterable[T], do: Callable[[T], R], clock: Callable[[], float] = time.perf_counter
) -> list[R]:
    """What `do` gives for each, in order; others get their turn on the loop whenever PIECE_S has passed by `clock`."""
    done: list[R] = []
    until = clock() + PIECE_S
    for item in items:
        done.append(do(item))
        if clock() >= until:
            await asyncio.sleep(0)
            until = clock() + PIECE_S
    return done
