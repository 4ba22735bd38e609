"""Port for drawing charts, implemented by `bot.charts`."""

from __future__ import annotations

from typing import Protocol

from bot.core.insight.history import History


class Charts(Protocol):
    """Draws charts."""

    async def draw(self, shown: History) -> bytes:
        """Draw a history as a PNG. Raises ChartFailed if it can't be drawn in time."""
