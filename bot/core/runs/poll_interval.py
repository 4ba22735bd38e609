"""The interval between polls of a run. The gap between all requests for runs is in `bot.wiring.bolt_pace`."""

from __future__ import annotations

from datetime import datetime


def poll_interval_s(
    began: datetime | None, usual_s: float | None, now: datetime, *, least_s: float, most_s: float
) -> float:
    """Return the seconds until the next poll of a run.

    A twentieth of the time to (or since) the expected end, or of the run's age if there's no history, within the
    bounds. Ends are noticed soon, and long runs cost few requests.
    """
    if began is None:
        return least_s
    age = max(0.0, (now - began).total_seconds())
    distance = age if usual_s is None else abs(usual_s - age)
    return min(most_s, max(least_s, distance / 20))
