"""When to poll a run that Bolt only returns errors for (a stray), and when it counts as lost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StrayRule:
    """Poll intervals for a run that Bolt only returns errors for: `least_s` to `most_s`, in seconds.

    After `lost_after_s` seconds of errors the run is considered lost.
    """

    least_s: float = 30
    most_s: float = 1800
    lost_after_s: float = 86_400
