"""The violations that checks find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that wasn't kept."""

    kind: str
    text: str


Found = Iterator[Violation]
