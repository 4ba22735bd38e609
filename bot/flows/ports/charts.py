"""Port for drawing charts, implemented by `bot.charts`."""

from __future__ import annotations

from typing import Protocol

from bot.core.runs.history import History
from bot.core.watching.digest_chart import DigestChart


class Charts(Protocol):
    """Draws charts."""

    @property
    def is_installed(self) -> bool:
        """Whether anything can be drawn."""

    async def draw(self, shown: History) -> bytes:
        """Draw a history as a PNG. Raises ChartFailed if it can't be drawn in time."""

    async def draw_digest(self, shown: DigestChart) -> bytes:
        """Draw the bars of a digest as a PNG. Raises ChartFailed if it can't be drawn in time."""
