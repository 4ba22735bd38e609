"""Outages are logged once when they begin and once when they end."""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.core.errors import BoltNotSent, BoltThrottled, ScopeMissing, StoreAway
from bot.outage import Outage


def test_an_outage_is_logged_once_at_each_end() -> None:
    """However many calls fail in between, there are two lines."""
    now = 0.0
    outage = Outage("bolt", clock=lambda: now)
    with capture_logs() as lines:
        for error in (None, BoltNotSent(), BoltNotSent(), BoltNotSent()):
            outage(error)
            now += 1
        assert outage.away_s == 3
        outage(None)
        outage(None)
    assert [line["event"] for line in lines] == ["a service is away", "a service is back"]
    assert lines[1]["away_s"] == 3
    assert outage.away_s == 0


def test_an_answer_that_refuses_is_no_outage() -> None:
    """A service that says no is there."""
    with capture_logs() as lines:
        outage = Outage("bolt")
        outage(BoltThrottled(3))
        assert outage.away_s == 0
        outage(StoreAway())
        outage(BoltThrottled(3))
        outage(ScopeMissing("users.conversations", "missing_scope"))
    assert len(lines) == 2
