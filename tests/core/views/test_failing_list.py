"""The list of failing schedules: one row per incident, with who is on it and where its message is."""

from __future__ import annotations

from bot.core.model.command import FailingCommand
from bot.core.model.incident import Incident, OnIt, Snooze
from bot.core.text.message import Message
from bot.core.views.failing_list import Watched, failing_list
from bot.core.views.paging import page
from tests.core.views.plain import buttons, said, shown
from tests.core.views.test_incident import APP, failing
from tests.core.watching.ends import at


def listed(
    *incidents: Incident,
    every: bool = False,
    hidden: int = 0,
    links: dict[str, str] | None = None,
    watched: Watched = Watched.SEEN,
) -> Message:
    """The list of these incidents."""
    return failing_list(
        page(incidents, 1),
        FailingCommand(every),
        app_url=APP,
        prefix="/bolt",
        links=links or {},
        hidden=hidden,
        watched=watched,
    )


def test_each_incident_has_a_row() -> None:
    """Each incident has a row with its headline, its newest failed run and a link to its message."""
    incident = failing()
    message = listed(incident, links={incident.key: "https://slack.test/C1/1"})
    assert shown(message) == [
        "1 schedule failing here.",
        ":red_circle: Nightly full build is failing: 3 runs since 03:00",
        "latest failure: run 4713 · message",
    ]
    assert "is failing: 3 runs" in said(message.text)


def test_who_is_on_it_and_what_is_snoozed_is_said() -> None:
    """A row says who is on the incident, and until when it's snoozed."""
    on_it, snoozed = OnIt("U1", at(9)), Snooze("U2", at(12))
    assert shown(listed(failing(on_it=on_it)))[2] == "latest failure: run 4713 · @U1 is on it"
    assert "snoozed until 14:00" in shown(listed(failing(snooze=snoozed)))[2]
    assert "snoozed until it recovers" in shown(listed(failing(snooze=Snooze("U2"))))[2]


def test_all_channels_are_named_and_private_ones_counted() -> None:
    """Across all channels, each row names its channel, and hidden private ones are only counted."""
    lines = shown(listed(failing(), every=True, hidden=1))
    assert lines[0] == "2 schedules failing across all channels. 1 of them is in private channels that you aren't in."
    assert lines[1].startswith("#C1 · ")


def test_nothing_failing_is_good_news() -> None:
    """If nothing is failing, the reply says so, and says how to list the watches."""
    assert said(listed().text) == (
        "Nothing watched in this channel is failing. To list the watches, type /bolt watches."
    )
    assert "/bolt watches --all" in said(listed(every=True).text)


def test_what_is_not_watched_may_fail() -> None:
    """If nothing is watched, or a watch is too new to tell, the reply says so."""
    assert said(listed(watched=Watched.NOTHING).text) == (
        "This channel doesn't watch any schedules. To hear about failures here, type a command like /bolt watch nightly."
    )
    assert "one of this channel's watches is new" in said(listed(watched=Watched.NEW).text)


def test_many_are_paged() -> None:
    """Ten incidents fit a page."""
    message = listed(*[failing(schedule=f"s{number}") for number in range(11)])
    assert shown(message)[0] == "11 schedules failing here, page 1 of 2."
    assert [one.label for one in buttons(message)] == ["Next"]
