"""What the flows need for drawing pictures, as a protocol. `bot.charts` implements it."""

from __future__ import annotations

from typing import Protocol

from bot.core.insight.history import History


class Charts(Protocol):
    """Draws pictures."""

    async def draw(self, shown: History) -> bytes:
        """A history as a PNG. Raises ChartFailed where it cannot be drawn in time."""
