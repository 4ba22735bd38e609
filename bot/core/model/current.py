"""A value that is read from a file and may be replaced while the process runs.

`bot.reload` replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")


class Current(Generic[T]):
    """A replaceable value. Everyone who needs it holds this one reference, and reads the value again each time."""

    def __init__(self, value: T) -> None:
        self._newest = value
        self._listeners: list[Callable[[], None]] = []
        # A tuple, because the value itself may be None.
        self._pinned: ContextVar[tuple[T] | None] = ContextVar("pinned", default=None)

    @property
    def value(self) -> T:
        """The value in effect: the newest one, or the one that this task has pinned."""
        pinned = self._pinned.get()
        return self._newest if pinned is None else pinned[0]

    def replace(self, value: T) -> None:
        """Put a new value into effect for everyone who hasn't pinned the previous one."""
        self._newest = value
        for called in self._listeners:
            called()

    def when_replaced(self, called: Callable[[], None]) -> None:
        """Have a function called after each replacement."""
        self._listeners.append(called)

    @contextmanager
    def pinned(self) -> Iterator[T]:
        """Keep one value while a decision is based on it, including in awaited calls and newly created tasks.

        Facts that were read for one value must be judged by that same value, because another one may need other facts.
        """
        value = self.value
        token = self._pinned.set((value,))
        try:
            yield value
        finally:
            self._pinned.reset(token)
