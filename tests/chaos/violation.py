"""What a check finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """Something promised that does not hold."""

    kind: str
    text: str


Found = Iterator[Violation]
