"""Much work at once, in pieces: commands are acknowledged in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

IN_A_ROW = 10


async def in_pieces(items: Iterable[T], do: Callable[[T], R]) -> list[R]:
    """What `do` gives for each, in order; after every few of them others get their turn on the loop."""
    done: list[R] = []
    for number, item in enumerate(items, start=1):
        done.append(do(item))
        if number % IN_A_ROW == 0:
            await asyncio.sleep(0)
    return done
