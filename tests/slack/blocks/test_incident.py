"""An incident's message and thread as Slack gets them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.incident import Incident, IncidentState, OnIt, RetryOfIncident, Snooze
from bot.core.text.text import Mention
from bot.core.views.incident import incident_message, thread_post
from tests.core.views.test_incident import APP, HINT, failing, recovered
from tests.core.watching.ends import DISK, at, failure
from tests.core.watching.test_incident_life import told
from tests.slack.blocks.outline import check

HOSTILE = "<!channel> *x* <@U0EVE0000> `y`"


@pytest.mark.parametrize(
    ("name", "incident"),
    [
        ("incident-failing", failing(summary="2 of 48 tests failed", cause=HINT)),
        ("incident-once", failing(1)),
        ("incident-flapping", failing(state=IncidentState.FLAPPING, failures=9, runs=18)),
        ("incident-recovered", recovered()),
        ("incident-closed", failing(state=IncidentState.CLOSED, why="no longer watched here")),
        ("incident-retried", failing(retries=1, retry=RetryOfIncident(4714, "RUNNING", "grace"))),
        (
            "incident-handled",
            failing(on_it=OnIt("U0GRACE00", at(14), "grace"), snooze=Snooze("U0BOB0000", at(9), "bob")),
        ),
        (
            "incident-hostile",
            failing(
                name=HOSTILE,
                owner=HOSTILE,
                command=HOSTILE,
                summary=HOSTILE,
                on_it=OnIt("U0GRACE00", at(14), HOSTILE),
                retry=RetryOfIncident(4714, "RUNNING", HOSTILE),
            ),
        ),
    ],
)
def test_the_message(name: str, incident: Incident) -> None:
    """The message and what its buttons carry are the same as in the snapshot."""
    check(name, incident_message(incident, APP))


def test_the_thread() -> None:
    """The posts in the thread are the same as in the snapshot, and people to notify are mentioned there."""
    incident = told(failure(1, 0), failure(2, 1, replace(DISK, name=HOSTILE, line=HOSTILE)))
    assert incident is not None
    opening, new = incident.posts
    check("incident-post-opening", thread_post(incident, opening, None, (Mention("U0ADA0000"),), APP))
    check("incident-post-new-error", thread_post(incident, new, None, (), APP))


def test_names_as_long_as_they_may_be() -> None:
    """The longest names are cut, and the message stays within Slack's limits."""
    long = "x" * 5_000
    check(
        "incident-long",
        incident_message(failing(name=long, schedule=long, owner=long, summary=long, command=long), APP),
    )
