"""How often Bolt is asked about runs. The gaps are enforced in Redis, so they apply to all replicas together."""

from __future__ import annotations

from bot.settings import Settings

# Runs that are polled one by one must not crowd out the others.
STRAYS_A_S = 2.0


def polls_gap_s(settings: Settings) -> float:
    """The seconds between two polls, each of many runs."""
    return 1 / settings.bolt_bot_poll_requests_a_s


def strays_gap_s(settings: Settings) -> float:
    """The seconds between two polls of a single run that Bolt leaves out of the answers for many."""
    return 1 / min(settings.bolt_bot_poll_requests_a_s, STRAYS_A_S)
