"""Long lists, ten at a time: buttons carry the command and the page, and the list is read anew for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.core.buttons import NEXT_PAGE, PREVIOUS_PAGE, VALUE_LIMIT, page_value
from bot.core.command import Command
from bot.core.message import Button, Buttons

T = TypeVar("T")

SIZE = 10


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of `total` things: page `number` of `count`, both from 1."""

    items: tuple[T, ...]
    number: int
    count: int
    total: int

    @property
    def told(self) -> str:
        """`page 2 of 3`, nothing where there is one only."""
        return f", page {self.number} of {self.count}" if self.count > 1 else ""


def page(items: Sequence[T], number: int, size: int = SIZE) -> Page[T]:
    """A page of a list; the nearest one that there is, where the list has become shorter meanwhile."""
    count = max(1, -(-len(items) // size))
    number = min(max(1, number), count)
    return Page(tuple(items[(number - 1) * size : number * size]), number, count, len(items))


def page_buttons(shown: Page[T], command: Command) -> tuple[Buttons, ...]:
    """Previous and next, where there are such pages."""
    buttons: list[Button] = []
    for action, label, number in ((PREVIOUS_PAGE, "Previous", shown.number - 1), (NEXT_PAGE, "Next", shown.number + 1)):
        value = page_value(command, number)
        if 1 <= number <= shown.count and len(value) <= VALUE_LIMIT:
            buttons.append(Button(action, label, value=value, spoken=f"{label} page: {number} of {shown.count}"))
    return (Buttons(tuple(buttons)),) if buttons else ()
