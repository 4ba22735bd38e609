"""Owners whom a watch's mentions wouldn't reach.

`bot.flows.check_owners` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnreachedOwners:
    """Owners by name: those who are `absent` from the channel, and those who are `unknown` in Slack.

    `checked`: how many of the `all` owners were looked at.
    """

    absent: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    checked: int = 0
    all: int = 0
