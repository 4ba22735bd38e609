"""How often Bolt is asked about runs. The gaps are enforced in Redis, so they apply to all replicas together.

`bot.core.runs.poll_interval` decides how often each run is polled.
"""

from __future__ import annotations

from bot.settings import Settings

# Runs that are polled one by one must not crowd out the others.
STRAYS_A_S = 2.0


def polls_gap_s(settings: Settings) -> float:
    """The seconds between two batch polls."""
    return 1 / settings.bolt_bot_poll_requests_a_s


def strays_gap_s(settings: Settings) -> float:
    """The seconds between two polls of single runs, namely those that Bolt leaves out of its answers to batch polls."""
    return 1 / min(settings.bolt_bot_poll_requests_a_s, STRAYS_A_S)
