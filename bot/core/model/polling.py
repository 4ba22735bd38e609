"""What a poll of many runs reports, and how runs with errors are polled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.core.model.bolt import RunStatus
from bot.core.model.errors import BoltError
from bot.core.model.run import Observation, RunKey

# What storing an observation came to. `stale`: a younger one is stored.
Stored = Literal["changed", "final", "same", "stale", "gone"]
# What became of a run for which Bolt has only an error. `lost`: that has been so for too long.
Strayed = Literal["stray", "lost", "gone", "not ours"]


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll of many runs told: a status for some, an error that concerns one run alone for others.

    A run in neither was not asked this time (the batch shrank) and is due again at once.
    """

    found: dict[int, RunStatus] = field(default_factory=dict)
    failed: dict[int, BoltError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """One run of a poll, and in how many seconds to poll it again."""

    key: RunKey
    seen: Observation
    next_s: float


@dataclass(frozen=True, slots=True)
class StrayRule:
    """How a run that Bolt only has an error for is asked for: in seconds, `least_s` to `most_s` apart; then it is lost."""

    least_s: float = 30
    most_s: float = 1800
    lost_after_s: float = 86_400
