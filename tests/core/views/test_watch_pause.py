"""Messages about watches that are paused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model.incident import Incident, IncidentRun
from bot.core.model.watch import OPERATOR, Pause, Watch
from bot.core.text.text import When
from bot.core.views.watch_pause import channel_back_message, pause_notice, why_paused
from tests.core.views.plain import said

AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
WATCH = Watch("C1", 1, "T", "nightly", AT, "U1")
RUN = IncidentRun(4713, "FAILED", AT, AT)
INCIDENT = Incident("C1", "nightly", "T", 1, name="Nightly full build", failures=3, first=RUN, failed=RUN)


def test_every_reason_has_words() -> None:
    """Every reason is put into words, and one from a later version is shown as it is."""
    assert all(" " in why_paused(word) for word in Pause)
    assert why_paused("on holiday") == "on holiday"


def test_a_shared_channel() -> None:
    """Several watches of a channel that became shared are reported in one message."""
    watches = [replace(WATCH, number=number, pattern=f"p{number}") for number in range(12)]
    text = said(pause_notice(watches, Pause.SHARED, "U1", "/bolt").text)
    assert "p9 and 2 more in" in text
    assert "shared with another organization" in text


def test_a_deactivated_creator() -> None:
    """A deactivated creator's notice names the command with which somebody else can take the watch over."""
    text = said(pause_notice([WATCH], Pause.DEACTIVATED, "U1", "/bolt").text)
    assert "/bolt watch nightly" in text
    assert "the person who set this up" in said(pause_notice([WATCH], Pause.DEACTIVATED, OPERATOR, "/bolt").text)


def test_the_report_lists_what_is_failing() -> None:
    """At most twenty failing schedules are listed, and the rest are counted."""
    since = When(AT, "date_time")
    text = said(channel_back_message([INCIDENT] * 22, [INCIDENT], since, "https://app").text)
    assert "22 schedules are failing now; 1 schedule has failed and recovered since" in text
    assert "Nightly full build: 3 failed runs since" in text
    assert "and 2 more" in text
    assert "Nothing I watch here is failing." in said(channel_back_message([], [], since, "https://app").text)
