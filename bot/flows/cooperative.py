"""Cooperative processing of large batches: the event loop can acknowledge commands in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A command takes about ten turns of the event loop until it's acknowledged, and each turn includes a piece of every
# batch under way.
PIECE_S = 0.001


async def in_pieces(
    items: Iterable[T], do: Callable[[T], R], clock: Callable[[], float] = time.perf_counter
) -> list[R]:
    """Apply `do` to each item, in order, yielding to the event loop whenever PIECE_S has passed by `clock`."""
    done: list[R] = []
    until = clock() + PIECE_S
    for item in items:
        done.append(do(item))
        if clock() >= until:
            await asyncio.sleep(0)
            until = clock() + PIECE_S
    return done
