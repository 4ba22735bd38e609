"""Acknowledgements first: work in the background makes room for the requests that Slack waits for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A command takes about ten turns of the event loop until it's acknowledged, and each turn includes a piece of every
# batch in progress.
PIECE_S = 0.001
# How long a worker waits for acknowledgements before it claims. On a card, nobody notices the wait. If requests keep
# coming, a worker still claims twenty times a second, five times as often as Slack lets cards be posted.
LULL_S = 0.05


class Intake:
    """Counts Slack's requests that aren't acknowledged yet. `idle` is set while there are no such requests."""

    def __init__(self) -> None:
        self._in_hand = 0
        self.idle = asyncio.Event()
        self.idle.set()

    @contextlib.contextmanager
    def handling(self) -> Iterator[None]:
        """Count a request while it's handled."""
        self._in_hand += 1
        self.idle.clear()
        try:
            yield
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self.idle.set()

    async def lull(self, within_s: float = LULL_S) -> None:
        """Wait until every request is acknowledged, at most `within_s`."""
        if self.idle.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self.idle.wait()


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
