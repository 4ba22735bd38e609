"""Handling incidents: people's actions, and how time ends their effects."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.core.model.incident import IncidentState, PostKind
from bot.core.watching.handling import (
    RETRY_SOON,
    ask_retry,
    closed,
    let_go,
    next_time,
    other_asked,
    pass_time,
    snoozed,
    take_on,
    unsnoozed,
)
from bot.core.watching.incident_life import account
from bot.core.watching.snooze import SnoozeChoice
from tests.core.watching.ends import DISK, NIGHTLY, T0, WATCH, at, failure, success
from tests.core.watching.test_incident_life import told

BERLIN = ZoneInfo("Europe/Berlin")


def test_somebody_on_it_stops_mentions_for_twelve_hours() -> None:
    """If somebody is on it, mentions stop for twelve hours; then the incident is reported as still failing."""
    incident = told(failure(1, 0))
    assert incident is not None
    taken = take_on(incident, "U0BOB", at(1))
    new = account(taken, failure(2, 3, DISK), WATCH, NIGHTLY, newest=None, carded=False)
    assert new is not None
    assert [post.mention for post in new.posts] == [True, False]
    assert next_time(new) == at(13)
    lapsed = pass_time(new, at(13))
    assert lapsed.on_it is None
    assert (lapsed.posts[-1].kind, lapsed.posts[-1].mention) == (PostKind.STILL_FAILING, True)
    assert let_go(taken).on_it is None


def test_a_snooze_posts_nothing_and_then_names_what_is_new() -> None:
    """Nothing is posted during a snooze, and the post at its end names the new errors."""
    incident = told(failure(1, 0))
    assert incident is not None
    quiet = snoozed(incident, "U0BOB", SnoozeChoice.HOUR, at(0.5), BERLIN)
    new = account(quiet, failure(2, 1, DISK), WATCH, NIGHTLY, newest=None, carded=False)
    assert new is not None
    assert len(new.posts) == 1
    assert pass_time(new, at(1.4)) == new
    woken = pass_time(new, at(1.5))
    assert woken.snooze is None
    assert woken.posts[-1].errors == (DISK,)
    assert unsnoozed(new, at(1.2)).posts == woken.posts


def test_a_recovery_ends_a_snooze_without_a_post() -> None:
    """A recovery ends a snooze without a post."""
    incident = told(failure(1, 0))
    assert incident is not None
    quiet = snoozed(incident, "U0BOB", SnoozeChoice.RECOVERY, at(0.5), BERLIN)
    done = account(quiet, success(2, 1), WATCH, NIGHTLY, newest=None, carded=False)
    assert done is not None
    assert (done.state, done.snooze, len(done.posts)) == (IncidentState.RECOVERED, None, 1)


def test_an_incident_without_runs_is_closed_after_a_month() -> None:
    """An incident without runs is closed after a month."""
    incident = told(failure(1, 0))
    assert incident is not None
    assert pass_time(incident, T0 + timedelta(days=29)).is_open
    assert pass_time(incident, T0 + timedelta(days=30)).state is IncidentState.CLOSED
    assert closed(incident, "no longer watched here").why == "no longer watched here"


def test_somebody_elses_click_counts_for_a_minute() -> None:
    """Another person's retry click counts for a minute; repeats by the same person are recognized elsewhere."""
    incident = told(failure(1, 0))
    assert incident is not None
    assert other_asked(incident, "U0BOB", at(1)) is None
    asked = ask_retry(incident, "U0ADA", at(1))
    assert other_asked(asked, "U0BOB", at(1)) == asked.retry_asked
    assert other_asked(asked, "U0ADA", at(1)) is None
    assert other_asked(asked, "U0BOB", at(1) + RETRY_SOON) is None
    assert other_asked(asked, "U0BOB", at(0)) is None
