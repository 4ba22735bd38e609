"""Settings for all starts: the deployment, and time limits of each step.

The deadline itself is BOLT_BOT_START_DEADLINE_S, and the script `begin_sending.lua` enforces it.
The limit for an approval is the policy rule's, by default `APPROVE_WITHIN_S` in `bot.core.policy.rules`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.links import Links


@dataclass(frozen=True, slots=True)
class StartSettings:
    """Settings for starts, times in seconds.

    `trigger_s` is the trigger's total timeout; its lease lasts three times that. If the response to a start is lost,
    its run is searched for: the start is called unclear after `look_for_s` at the latest, and the search ends after
    `unclear_for_s`.
    """

    workspace: str
    links: Links
    slash_command: str = "/bolt"
    deadline_s: float = 60
    trigger_s: float = 10
    look_for_s: float = 60
    unclear_for_s: float = 3600


# The reason for refusing a start that was requested before an absence, even if its deadline hasn't passed.
WAS_AWAY = "I was away when it should have started, so I didn't start it. Try again if you still want it."


def expired(deadline_s: float) -> str:
    """Explain why a start that waited too long wasn't sent."""
    return (
        f"It couldn't be started within {round(deadline_s)} s, so nothing was started. Try again if you still want it."
    )
