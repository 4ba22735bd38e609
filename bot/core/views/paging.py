"""Paging of long lists: buttons carry the command and the page, and the list is read again for each page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.core.model.command import Command
from bot.core.text.message import Button, Buttons
from bot.core.views.buttons import LIST_PAGE, VALUE_LIMIT, page_value

T = TypeVar("T")

SIZE = 10


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """A page of `total` items: page `number` of `count`, both counted from 1."""

    items: tuple[T, ...]
    number: int
    count: int
    total: int

    @property
    def told(self) -> str:
        """The page as a suffix of a sentence: `, page 2 of 3`, or empty if there's only one."""
        return f", page {self.number} of {self.count}" if self.count > 1 else ""


def page(items: Sequence[T], number: int, size: int = SIZE) -> ListPage[T]:
    """Take a page of a list, or the last one if the list has become too short for it."""
    count = max(1, -(-len(items) // size))
    number = min(max(1, number), count)
    return ListPage(tuple(items[(number - 1) * size : number * size]), number, count, len(items))


def page_buttons(shown: ListPage[T], command: Command) -> tuple[Buttons, ...]:
    """The Previous and Next buttons below a list, if there are such pages."""
    row = turns(LIST_PAGE, shown.number, shown.count, lambda number: page_value(command, number))
    return (Buttons(row),) if row else ()


def turns(action: str, number: int, count: int, value: Callable[[int], str]) -> tuple[Button, ...]:
    """The Previous and Next buttons, if those pages exist and the values fit in a button. Pages count from 1."""
    return tuple(
        Button(f"{action}.{label.lower()}", label, value=value(to), spoken=f"{label} page: {to} of {count}")
        for label, to in (("Previous", number - 1), ("Next", number + 1))
        if 1 <= to <= count and len(value(to)) <= VALUE_LIMIT
    )
