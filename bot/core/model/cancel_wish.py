"""What became of a wish to cancel a run."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.run import CancelWish


@dataclass(frozen=True, slots=True)
class WishAnswer:
    """What became of a wish to cancel: `new`, `already` (`wish` is the first one) or `final` (`state`)."""

    word: str
    wish: CancelWish | None = None
    state: str = ""
