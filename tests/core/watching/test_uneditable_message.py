"""Incidents whose message can't be edited anymore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.incident import HIDDEN, Incident, IncidentRun, IncidentState, OnIt, PostKind, Snooze
from bot.core.model.run_end import RunEnd
from bot.core.watching.uneditable_message import (
    mark_uneditable,
    needs_new_message,
    newest_end,
    outdates_outage,
    with_line,
    with_new_message,
)

AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
ADA = OnIt("U0ADA", AT + timedelta(hours=12), "ada")
FAILING = Incident("C1", "nightly", "T", 1, failed=IncidentRun(7, "FAILED"), latest=IncidentRun(7, "FAILED", AT, AT))
UNEDITABLE = mark_uneditable(FAILING)


def kinds(incident: Incident) -> list[PostKind]:
    """The kinds of an incident's thread posts."""
    return [post.kind for post in incident.posts]


def test_a_line_says_what_is_being_done_as_soon_as_the_message_cannot() -> None:
    """Once the message can't be edited, a line in the thread says who is on it; if nobody is, there's no line."""
    assert (UNEDITABLE.uneditable_since, kinds(UNEDITABLE)) == (AT, [])
    assert kinds(mark_uneditable(replace(FAILING, on_it=ADA))) == [PostKind.STATE]
    assert mark_uneditable(UNEDITABLE) is UNEDITABLE


@pytest.mark.parametrize(
    "after",
    [
        replace(UNEDITABLE, on_it=ADA),
        replace(UNEDITABLE, snooze=Snooze("U0ADA")),
        replace(UNEDITABLE, suspended=True),
        replace(UNEDITABLE, state=IncidentState.CLOSED, why="removed from Bolt"),
    ],
)
def test_each_change_of_state_is_a_line(after: Incident) -> None:
    """Each change of state gets a line, but only if the message can't show it."""
    assert kinds(with_line(UNEDITABLE, after)) == [PostKind.STATE]
    assert kinds(with_line(FAILING, replace(after, uneditable_since=None))) == []


def test_what_another_post_tells_needs_no_line() -> None:
    """A change that another post covers, a changed count, and a hidden incident need no line."""
    told = with_line(UNEDITABLE, replace(UNEDITABLE, on_it=ADA))
    assert with_line(UNEDITABLE, told) is told
    counted = replace(UNEDITABLE, failures=9)
    assert with_line(UNEDITABLE, counted) is counted
    hidden = replace(UNEDITABLE, state=IncidentState.CLOSED, why=HIDDEN)
    assert with_line(UNEDITABLE, hidden) is hidden
    assert with_line(None, UNEDITABLE) is UNEDITABLE


@pytest.mark.parametrize(
    ("hours", "incident", "new"), [(25, UNEDITABLE, True), (23, UNEDITABLE, False), (25, FAILING, False)]
)
def test_a_failure_a_day_later_has_a_new_message(hours: int, incident: Incident, *, new: bool) -> None:
    """A failure a day later gets a new message, unless the current one can be edited or nothing may be posted."""
    end = RunEnd(8, "FAILED", ended_at=AT + timedelta(hours=hours))
    assert needs_new_message(incident, end) is new
    assert not needs_new_message(replace(incident, snooze=Snooze("U0ADA")), end)
    assert not needs_new_message(replace(incident, silent=True), end)
    renewed = with_new_message(incident)
    assert (renewed.uneditable_since, renewed.replaced) == (None, 1)


def test_a_failure_has_its_outage_told_anew_if_that_could_not_be_edited_a_day_before() -> None:
    """A failure replaces an outage's message that became uneditable a day before, unless the incident is unreported."""
    failed = replace(FAILING, failed=IncidentRun(7, "FAILED", AT, AT))
    assert outdates_outage(failed) == AT - timedelta(days=1)
    assert outdates_outage(replace(failed, snooze=Snooze("U0ADA"))) is None
    assert outdates_outage(replace(failed, silent=True)) is None
    assert outdates_outage(replace(failed, state=IncidentState.RECOVERED)) is None
    assert outdates_outage(FAILING) is None


def test_the_newest_end_of_many_schedules() -> None:
    """The newest end among all known runs of the schedules."""
    later = replace(FAILING, failed=IncidentRun(8, "FAILED", AT, AT + timedelta(hours=1)))
    assert newest_end([FAILING, later, replace(FAILING, latest=None, failed=None)]) == AT + timedelta(hours=1)
    assert newest_end([]) is None
