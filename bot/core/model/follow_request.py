"""A request to follow a run in a channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.model.asker import Asker
from bot.core.model.run import RunFacts, RunKey

# `known`: somebody has asked for it already; `card`: the run has a card there.
FollowAcceptance = Literal["new", "known", "card"]
# What became of following the run of a request, once it was looked at.
Followed = Literal["ok", "lost", "final"]


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """A run that someone wants to see in a channel. `state`: asked, looked (its card waits for a slot), refused, done."""

    key: RunKey
    asker: Asker
    facts: RunFacts
    asked_at: datetime
    state: str = "asked"
    why: str = ""

    @property
    def id(self) -> str:
        """Its name in the due set and in the lane: one a channel and run."""
        return f"{self.asker.channel}/{self.key.name}"
