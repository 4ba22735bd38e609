"""Outcome of a request to cancel a run.

The request itself is `CancelWish` in `bot.core.model.run`; `bot.flows.cancel` carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.core.model.run import CancelWish

# `already`: an earlier request to cancel counts instead; `final`: the run has ended.
WishOutcome = Literal["new", "already", "final"]


@dataclass(frozen=True, slots=True)
class WishAnswer:
    """Outcome of a request to cancel: `new`, `already` (`wish` is the first request) or `final` (`state`)."""

    word: WishOutcome
    wish: CancelWish | None = None
    state: str = ""
