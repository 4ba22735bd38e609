"""A wrong clock, recognized from the Date of real responses."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from bot.cli.doctor import check_bolt, check_clock, check_slack
from bot.cli.doctor.finding import Finding
from tests.cli.doctor.patient import found_by
from tests.test_unreachable_services import answering


def dated(ahead_s: float, status: str = "200 OK", body: str = '{"ok": false, "error": "invalid_auth"}') -> bytes:
    """A response with a Date that is this far ahead of our clock."""
    date = formatdate(time.time() + ahead_s, usegmt=True)
    lines = (f"HTTP/1.1 {status}", f"Date: {date}", f"Content-Length: {len(body)}", "Connection: close")
    return ("\r\n".join((*lines, "Content-Type: application/json")) + "\r\n\r\n" + body).encode()


async def clock(monkeypatch: pytest.MonkeyPatch, slack: bytes, bolt: bytes) -> list[Finding]:
    """The doctor's findings about the clock, no matter what else is wrong."""
    async with answering(slack) as slack_port, answering(bolt) as bolt_port:
        checks = (*check_slack.CHECKS, *check_bolt.CHECKS, *check_clock.CHECKS)
        where = {
            "SLACK_API_URL": f"http://127.0.0.1:{slack_port}/",
            "PARADIME_API_ENDPOINT": f"http://127.0.0.1:{bolt_port}/graphql",
        }
        found = await found_by(checks, monkeypatch, where)
    return [one for one in found if one.check == "clock"]


@pytest.mark.parametrize(
    ("ahead_s", "level", "says"),
    [
        (600, "problem", "s behind Slack's"),
        (-600, "problem", "s ahead of Slack's"),
        (120, "warning", "s behind Slack's"),
        (20, "ok", "s behind Slack's, which isn't a problem"),
        (0, "ok", "agrees with Slack's."),
    ],
)
async def test_a_clock_that_is_off(monkeypatch: pytest.MonkeyPatch, ahead_s: float, level: str, says: str) -> None:
    """A wrong clock is noticed even if Slack refuses the token and Bolt doesn't give the time."""
    (found,) = await clock(monkeypatch, dated(ahead_s), b"")
    assert (found.level, found.fix != "") == (level, level != "ok")
    assert says in found.sentence


async def test_bolts_clock_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bolt's clock is compared too, and only a difference is shown."""
    (found,) = await clock(monkeypatch, dated(0), dated(700, "401 Unauthorized"))
    assert found.level == "problem"
    assert "behind Bolt's" in found.sentence


async def test_without_a_date_it_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Date header, the clock isn't checked, and a warning says so."""
    (found,) = await clock(monkeypatch, b"", b"")
    assert found.level == "warning"
    assert "not checked" in found.sentence
