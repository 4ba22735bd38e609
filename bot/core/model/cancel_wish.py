"""What became of a wish to cancel a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.core.model.run import CancelWish

# `already`: there is an earlier wish, which counts; `final`: the run is over.
WishOutcome = Literal["new", "already", "final"]


@dataclass(frozen=True, slots=True)
class WishAnswer:
    """What became of a wish to cancel: `new`, `already` (`wish` is the first one) or `final` (`state`)."""

    word: WishOutcome
    wish: CancelWish | None = None
    state: str = ""
