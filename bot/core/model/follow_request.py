"""A request to follow a run in a channel.

`bot.flows.follow_run` carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.model.asker import Asker
from bot.core.model.run import RunFacts, RunKey

# `known`: the run was already asked for; `card`: the run has a card there.
FollowAcceptance = Literal["new", "known", "card"]
# Outcome of a follow request after the run was looked up.
Followed = Literal["ok", "lost", "final"]


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """A run that a person wants to follow in a channel.

    `state`: asked, looked (its card is waiting for a slot), refused, done.
    """

    key: RunKey
    asker: Asker
    facts: RunFacts
    asked_at: datetime
    state: str = "asked"
    why: str = ""

    @property
    def id(self) -> str:
        """The request's name in the due set and in the lane: one per channel and run."""
        return f"{self.asker.channel}/{self.key.name}"
