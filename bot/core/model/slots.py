"""When a schedule should have run: its next time as Bolt lists it, and the times that have passed.

`bot.core.watching.late` decides when a schedule counts as late.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.model.notice import Notice


@dataclass(frozen=True, slots=True)
class Slots:
    """A schedule's slots, in Unix seconds: the next one, as last listed (0: none), and those that have passed.

    `passed` has the slots that haven't been judged for lateness yet. `waiting` has the slots without a run so far, for
    the digest. `missed` is an older slot that still had no run when it was checked after its grace period (0: none).
    """

    next: float = 0
    passed: tuple[float, ...] = ()
    waiting: tuple[float, ...] = ()
    missed: float = 0

    def __bool__(self) -> bool:
        """Whether there's anything to keep."""
        return bool(self.next or self.passed or self.waiting or self.missed)


@dataclass(frozen=True, slots=True)
class LateBoard:
    """A channel's notices about schedules that are late now."""

    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredSlots:
    """A schedule's slots and their text as stored, which tells whether another process has changed them."""

    slots: Slots = field(default_factory=Slots)
    text: str = ""


@dataclass(frozen=True, slots=True)
class StoredBoard:
    """A channel's board and its text as stored."""

    board: LateBoard = field(default_factory=LateBoard)
    text: str = ""
