"""How long to wait before a run is polled again."""

from __future__ import annotations

from datetime import datetime


def poll_interval_s(
    began: datetime | None, usual_s: float | None, now: datetime, *, least_s: float, most_s: float
) -> float:
    """How long to wait before the next poll, in seconds.

    A twentieth of the distance to the expected end (before or after it), or of the age where there is
    no history, within the bounds: an end is seen soon after it comes, a long run costs few requests.
    """
    if began is None:
        return least_s
    age = max(0.0, (now - began).total_seconds())
    distance = age if usual_s is None else abs(usual_s - age)
    return min(most_s, max(least_s, distance / 20))
