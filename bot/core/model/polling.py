"""Results of polling many runs, and of storing what was seen.

`bot.core.runs.poll_interval` decides the interval between polls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.core.model.bolt import RunStatus
from bot.core.model.errors import BoltError
from bot.core.model.run import Observation, RunKey

# Outcome of storing an observation. `stale`: a newer observation is stored.
Stored = Literal["changed", "final", "same", "stale", "gone"]
# Outcome of recording that Bolt returns only an error for a run. `lost`: it has done so for too long.
Strayed = Literal["stray", "lost", "gone", "not ours"]


@dataclass(frozen=True, slots=True)
class Polled:
    """Result of one poll of many runs: a status for some, and for others an error that concerns that run alone.

    A run with neither a status nor an error wasn't part of this poll (the batch shrank) and is due again at once.
    """

    found: dict[int, RunStatus] = field(default_factory=dict)
    failed: dict[int, BoltError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """A run from a poll, and the seconds until its next poll."""

    key: RunKey
    seen: Observation
    next_s: float
