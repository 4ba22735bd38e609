"""Outcomes of calls to a service, for the metrics and for noticing outages.

`bot.service_outage` decides when a service counts as unavailable.
"""

from __future__ import annotations

from enum import StrEnum

from bot.core.model.errors import (
    BoltDenied,
    BoltNotSent,
    BoltOutcomeUnknown,
    BoltThrottled,
    BotError,
    CredentialRefused,
    ScopeMissing,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackThrottled,
    StoreFault,
    StoreUnavailable,
)

_AWAY = (
    BoltDenied,
    BoltOutcomeUnknown,
    BoltNotSent,
    CredentialRefused,
    SlackOutcomeUnknown,
    SlackNotSent,
    StoreUnavailable,
)


class CallOutcome(StrEnum):
    """`refused`: the service answered with an error. `throttled`: it asked to wait (429). `away`: it's unavailable."""

    OK = "ok"
    REFUSED = "refused"
    THROTTLED = "throttled"
    AWAY = "away"


def call_outcome(error: BotError | None) -> CallOutcome:
    """Return the outcome of a call that raised this error, or of one that raised none."""
    if error is None:
        return CallOutcome.OK
    if isinstance(error, BoltThrottled | SlackThrottled):
        return CallOutcome.THROTTLED
    if isinstance(error, _AWAY) and not isinstance(error, ScopeMissing | StoreFault):
        return CallOutcome.AWAY
    # Any other error is a response, so the service is up.
    return CallOutcome.REFUSED
