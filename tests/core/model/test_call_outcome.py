"""Telling errors that mean that a service is away or busy from those that are answers."""

from __future__ import annotations

import pytest

from bot.core.model.call_outcome import CallOutcome, call_outcome
from bot.core.model.errors import (
    BoltDenied,
    BoltNotSent,
    BoltThrottled,
    BotError,
    ChannelRefused,
    ScopeMissing,
    SlackThrottled,
    StoreRefused,
)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, CallOutcome.OK),
        (BoltThrottled(3), CallOutcome.THROTTLED),
        (SlackThrottled("chat.update", 3), CallOutcome.THROTTLED),
        (BoltNotSent(), CallOutcome.AWAY),
        (BoltDenied(), CallOutcome.AWAY),
        (StoreRefused(), CallOutcome.AWAY),
        (ScopeMissing("users.list", "missing_scope"), CallOutcome.REFUSED),
        (ChannelRefused("chat.postMessage", "is_archived"), CallOutcome.REFUSED),
    ],
)
def test_each_error_has_one_outcome(error: BotError | None, outcome: CallOutcome) -> None:
    """A service that refuses everything counts as unavailable; a missing scope stops only the calls that need it."""
    assert call_outcome(error) is outcome
