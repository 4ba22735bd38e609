"""Quiet hours: when they are, and what is withheld while they last.

The message at their end is tested in tests/flows/test_end_quiet.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.core.model.incident import Incident, IncidentState, PostKind, Withheld
from bot.core.model.watch import Quiet
from bot.core.watching.handling import closed, pass_time, snoozed, take_on
from bot.core.watching.incident_life import account
from bot.core.watching.quiet import as_it_is, is_listed, kept_in_list, quiet_until, told, withhold
from bot.core.watching.snooze import SnoozeChoice
from tests.core.watching.ends import DISK, NIGHTLY, WATCH, at, failure, success

UNTIL = at(5)


@pytest.mark.parametrize(
    ("zone", "hours", "now", "until"),
    [
        # Over midnight.
        ("Europe/Berlin", "22:00-07:00", "2026-01-10T20:59:59", None),
        ("Europe/Berlin", "22:00-07:00", "2026-01-10T21:00", "2026-01-11T06:00"),
        ("Europe/Berlin", "22:00-07:00", "2026-01-10T23:30", "2026-01-11T06:00"),
        ("Europe/Berlin", "22:00-07:00", "2026-01-11T05:59:59", "2026-01-11T06:00"),
        ("Europe/Berlin", "22:00-07:00", "2026-01-11T06:00", None),
        # Within a day.
        ("Europe/Berlin", "12:00-13:30", "2026-01-10T11:00", "2026-01-10T12:30"),
        ("Europe/Berlin", "12:00-13:30", "2026-01-10T12:30", None),
        ("Europe/Berlin", "00:00-06:00", "2026-01-10T23:00", "2026-01-11T05:00"),
        # The night when clocks go forward is an hour shorter, and the night when they go back an hour longer.
        ("Europe/Berlin", "22:00-07:00", "2026-03-28T21:00", "2026-03-29T05:00"),
        ("Europe/Berlin", "22:00-07:00", "2026-10-24T20:00", "2026-10-25T06:00"),
        # If the clock skips the end, the end is the moment of the change; if the end comes twice, the first one counts.
        ("Europe/Berlin", "22:00-02:30", "2026-03-29T00:59", "2026-03-29T01:00"),
        ("Europe/Berlin", "22:00-02:30", "2026-03-29T01:00", None),
        ("Europe/Berlin", "22:00-02:30", "2026-10-25T00:29", "2026-10-25T00:30"),
        ("Europe/Berlin", "22:00-02:30", "2026-10-25T00:30", None),
        ("Europe/Berlin", "22:00-02:30", "2026-10-25T01:15", None),
        # If clocks show the beginning twice, the first time counts; if they skip it, the moment of the change counts.
        ("Europe/Berlin", "02:30-05:00", "2026-10-25T00:30", "2026-10-25T04:00"),
        ("Europe/Berlin", "02:30-05:00", "2026-03-29T01:00", "2026-03-29T03:00"),
        # Both of them skipped: no quiet hours that day.
        ("Europe/Berlin", "02:10-02:50", "2026-03-29T01:00", None),
        ("America/New_York", "22:00-07:00", "2026-03-08T04:00", "2026-03-08T11:00"),
        ("America/New_York", "22:00-07:00", "2026-11-01T04:00", "2026-11-01T12:00"),
        ("Australia/Lord_Howe", "22:00-07:00", "2026-10-03T13:00", "2026-10-03T20:00"),
        ("Australia/Lord_Howe", "22:00-07:00", "2026-04-04T13:00", "2026-04-04T20:30"),
        # Without a zone.
        (None, "22:00-07:00", "2026-01-10T22:00", "2026-01-11T07:00"),
    ],
)
def test_when_it_is_quiet(zone: str | None, hours: str, now: str, until: str | None) -> None:
    """Quiet hours follow the clock of the watch's time zone."""
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    begin, _, end = hours.partition("-")
    found = quiet_until(
        replace(WATCH, quiet=Quiet(begin, end), time_zone=zone), datetime.fromisoformat(now).replace(tzinfo=UTC)
    )
    assert found == expected


def test_without_quiet_hours_it_is_never_quiet() -> None:
    """Without quiet hours, or without a watch, it's never quiet."""
    assert quiet_until(WATCH, at(0)) is None
    assert quiet_until(None, at(0)) is None


def step(incident: Incident | None, number: int, hours: float, *, ok: bool = False, quiet: bool = True) -> Incident:
    """Account for the end of a run, in quiet hours or not, and return the incident."""
    end = success(number, hours) if ok else failure(number, hours)
    after = account(incident, end, WATCH, NIGHTLY, newest=None, carded=False)
    assert after is not None
    return withhold(incident, after, UNTIL if quiet else None)


def test_an_opening_is_withheld_and_the_incident_has_no_message() -> None:
    """An opening in quiet hours is withheld: failures count, but nothing is posted or mentioned."""
    incident = step(step(None, 1, 0), 2, 1)
    assert (incident.failures, incident.posts, incident.silent) == (2, (), True)
    assert incident.withheld == Withheld(UNTIL)
    assert incident.mentioned_at is None


def test_the_first_failure_after_quiet_hours_gets_a_message_of_its_own() -> None:
    """The first failure after quiet hours opens the incident with the whole count; a recovery gets only its line."""
    night = told(step(None, 1, 0), UNTIL, mentioned=False)
    day = step(night, 2, 6, quiet=False)
    assert [post.kind for post in day.posts] == [PostKind.OPENING]
    assert day.posts[0].mention
    assert (day.failures, day.silent, day.withheld) == (2, False, None)
    better = step(night, 2, 6, ok=True, quiet=False)
    assert [post.kind for post in better.posts] == [PostKind.RECOVERED]


def test_a_new_error_and_a_recovery_of_a_known_incident_are_withheld() -> None:
    """A known incident's new error and recovery aren't posted in quiet hours; they're held back."""
    evening = step(None, 1, 0, quiet=False)
    after = account(evening, failure(2, 1, DISK), WATCH, NIGHTLY, newest=None, carded=False)
    assert after is not None
    night = withhold(evening, after, UNTIL)
    assert night.posts == evening.posts
    assert night.held == (DISK,)
    assert not night.silent
    assert night.withheld is not None
    over = step(night, 3, 2, ok=True)
    assert (over.state, over.posts, over.silent) == (IncidentState.RECOVERED, evening.posts, False)
    assert over.withheld is not None


def test_a_count_alone_withholds_nothing() -> None:
    """Another failure with the same error withholds nothing, because nothing would have been posted."""
    evening = step(None, 1, 0, quiet=False)
    assert step(evening, 2, 1).withheld is None


def test_a_second_incident_of_the_night_takes_over_what_the_first_one_withheld() -> None:
    """A night's second incident takes over what the first one withheld, even if it opens before the report."""
    first = step(step(None, 1, 0), 2, 0.1, ok=True)
    again = step(first, 3, 4)
    assert again.serial == 2
    assert again.withheld == Withheld(UNTIL, earlier=1)
    late = step(first, 3, 5.5, quiet=False)
    assert late.withheld == Withheld(UNTIL, earlier=1)
    assert [post.kind for post in late.posts] == [PostKind.OPENING]


def test_what_was_told_before_is_not_counted_as_earlier() -> None:
    """An incident that had a message isn't counted as an earlier one."""
    evening = step(None, 1, 0, quiet=False)
    recovered = step(evening, 2, 1, ok=True)
    again = step(recovered, 3, 20)
    assert again.withheld == Withheld(UNTIL)


def test_what_time_does_is_withheld_too() -> None:
    """In quiet hours, nothing is posted when a person's *I'm on it* expires."""
    evening = take_on(step(None, 1, 0, quiet=False), "U0ADA", at(0))
    after = withhold(evening, pass_time(evening, at(13)), UNTIL)
    assert after.on_it is None
    assert after.posts == evening.posts
    assert after.withheld is not None


def test_a_snooze_comes_before_quiet_hours() -> None:
    """A snoozed incident isn't listed in the morning, and keeps its errors for the snooze's end."""
    evening = step(None, 1, 0, quiet=False)
    asleep = snoozed(evening, "U0ADA", SnoozeChoice.RECOVERY, at(0), ZoneInfo("UTC"))
    after = account(asleep, failure(2, 1, DISK), WATCH, NIGHTLY, newest=None, carded=False)
    assert after is not None
    night = withhold(asleep, after, UNTIL)
    assert night.withheld is None
    noisy = replace(night, withheld=Withheld(UNTIL))
    assert not is_listed(noisy)
    assert told(noisy, UNTIL, mentioned=False).held == (DISK,)


def test_what_is_told_withholds_nothing_and_a_mention_counts() -> None:
    """Once reported, an incident isn't listed anymore, and a mention in the report counts as one."""
    night = step(None, 1, 0)
    assert is_listed(night)
    assert not is_listed(closed(night, "no longer watched here"))
    morning = told(night, UNTIL, mentioned=True)
    assert not is_listed(morning)
    assert (morning.withheld, morning.mentioned_at) == (None, UNTIL)
    assert told(night, UNTIL, mentioned=False).mentioned_at is None


def test_the_list_shows_incidents_as_they_are_now() -> None:
    """The list shows an incident as it is now, unless another one has replaced it."""
    night = step(step(None, 1, 0), 2, 0.1, ok=True)
    kept = kept_in_list(night)
    assert (kept.recent, kept.withheld) == ((), Withheld(UNTIL))
    assert as_it_is(kept, None) == kept
    assert as_it_is(kept, step(night, 3, 4)) == kept
    morning = step(told(night, UNTIL, mentioned=False), 3, 0.5, quiet=False)
    assert as_it_is(kept, morning).failures == 2
    assert as_it_is(kept, morning).withheld == Withheld(UNTIL)
