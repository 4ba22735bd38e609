"""What holds for every start: its deployment, and how long each step may take."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.links import Links


@dataclass(frozen=True, slots=True)
class StartRules:
    """Times in seconds. `trigger_s` is the trigger's total time-out, which its lease outlasts three times.

    A start whose reply was lost is searched for during `look_for_s` before it's called unclear, and then until
    `unclear_for_s` have passed.
    """

    workspace: str
    links: Links
    command: str = "/bolt"
    deadline_s: float = 60
    trigger_s: float = 10
    look_for_s: float = 60
    unclear_for_s: float = 3600


def expired(deadline_s: float) -> str:
    """Why a start that waited too long was not sent."""
    return (
        f"It couldn't be started within {round(deadline_s)} s, so nothing was started. Try again if you still want it."
    )
