"""Faults in a fake's next calls."""

from __future__ import annotations

from collections import defaultdict

from bot.core.model.errors import BoltOutcomeUnknown, BotError


class Faults:
    """The faults of each method's next calls, in order."""

    def __init__(self, lost: type[BotError]) -> None:
        self._lost = lost
        self._before: dict[str, list[BotError]] = defaultdict(list)
        self._after: dict[str, int] = defaultdict(int)
        self.always: dict[str, BotError] = {}

    def fail(self, method: str, *errors: BotError) -> None:
        """Make the next calls fail before anything is done."""
        self._before[method] += errors

    def lose(self, method: str, times: int = 1) -> None:
        """Carry out the next calls, but lose their replies."""
        self._after[method] += times

    def before(self, method: str) -> None:
        """Raise the error that this call fails with, if any."""
        if method in self.always:
            raise self.always[method]
        if self._before[method]:
            raise self._before[method].pop(0)

    def after(self, method: str) -> None:
        """Lose the call's reply, if it should be lost."""
        if self._after[method]:
            self._after[method] -= 1
            raise self._lost() if self._lost is BoltOutcomeUnknown else self._lost(method)
