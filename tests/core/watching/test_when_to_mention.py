"""How often an incident may notify people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.model.incident import Incident, IncidentState
from bot.core.watching.handling import snoozed, take_on
from bot.core.watching.snooze import SnoozeChoice
from bot.core.watching.when_to_mention import FLAPPING_MENTION_GAP, MENTION_GAP, may_mention
from tests.core.watching.ends import at, failure
from tests.core.watching.test_incident_life import told

BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)


def failing() -> Incident:
    """An incident that notified somebody at noon."""
    incident = told(failure(1, 0))
    assert incident is not None
    assert incident.mentioned_at is not None
    return incident


@pytest.mark.parametrize(
    ("state", "gap"), [(IncidentState.FAILING, MENTION_GAP), (IncidentState.FLAPPING, FLAPPING_MENTION_GAP)]
)
def test_people_are_notified_once_per_gap(state: IncidentState, gap: timedelta) -> None:
    """People are notified at most once per gap, which is longer while the incident flaps."""
    incident = replace(failing(), state=state)
    assert incident.mentioned_at is not None
    assert not may_mention(incident, incident.mentioned_at + gap - SECOND)
    assert may_mention(incident, incident.mentioned_at + gap)


def test_nobody_is_notified_of_what_someone_is_on() -> None:
    """Nobody is notified of an incident while somebody is on it, while it's snoozed, or once it has recovered."""
    incident, later = replace(failing(), mentioned_at=None), at(30)
    assert may_mention(incident, later)
    assert not may_mention(take_on(incident, "U0BOB", later), later)
    assert not may_mention(snoozed(incident, "U0BOB", SnoozeChoice.HOUR, later, BERLIN), later)
    assert not may_mention(replace(incident, state=IncidentState.RECOVERED), later)
