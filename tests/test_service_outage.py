"""Outages are logged once when they begin and once when they end.

Real outages are tested in tests/e2e/test_service_outages.py.
"""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.core.model.errors import BoltNotSent, BoltThrottled, ScopeMissing, SlackNotSent, StoreUnavailable
from bot.service_outage import ServiceOutage


def test_an_outage_is_logged_once_at_each_end() -> None:
    """An outage is logged in two lines, however many calls fail in between."""
    now = 0.0
    outage = ServiceOutage("bolt", clock=lambda: now)
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
    """A refusal is an answer: it isn't an outage, and it ends one."""
    with capture_logs() as lines:
        outage = ServiceOutage("bolt")
        outage(BoltThrottled(3))
        assert outage.away_s == 0
        outage(StoreUnavailable())
        outage(BoltThrottled(3))
        outage(ScopeMissing("users.conversations", "missing_scope"))
    assert len(lines) == 2


def test_a_service_is_there_if_all_of_its_parts_are() -> None:
    """A service is back when all its parts are: working calls don't end an outage of the sockets."""
    outage = ServiceOutage("slack")
    sockets = outage.of("socket")
    with capture_logs() as lines:
        sockets(SlackNotSent("socket", cause="the connection was refused", where="wss.test:443"))
        outage(SlackNotSent("auth.test"))
        outage(None)
        assert outage.reason == "slack doesn't answer: the connection was refused"
        assert (outage.away("socket"), outage.away("call")) == (True, False)
        sockets(None)
        assert outage.reason == ""
    assert [line["event"] for line in lines] == ["a service is away", "a service is back"]
    assert lines[0]["why"] == "wss.test:443: the connection was refused"
