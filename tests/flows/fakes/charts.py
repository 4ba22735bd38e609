"""Charts that are never drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.model.errors import ChartFailed
from bot.core.runs.history import History
from bot.core.watching.digest_chart import DigestChart
from tests.flows.fakes.faults import Faults


@dataclass
class FakeCharts:
    """Draws nothing, but remembers the charts of digests that it was asked for."""

    is_installed: bool = False
    faults: Faults = field(default_factory=lambda: Faults(ChartFailed))
    drawn: list[DigestChart] = field(default_factory=list)

    async def draw(self, shown: History) -> bytes:
        """A picture of a history."""
        self.faults.before("draw")
        return shown.name.encode()

    async def draw_digest(self, shown: DigestChart) -> bytes:
        """A picture of a digest."""
        self.faults.before("draw_digest")
        self.drawn.append(shown)
        return b"a picture"
