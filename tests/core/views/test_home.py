"""The sections of the Home tab, and their order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.command import RunCommand, RunForm
from bot.core.model.errors import BadCommand
from bot.core.model.incident import OnIt, Snooze
from bot.core.model.run import RunKey
from bot.core.text.message import Message
from bot.core.views.active_runs import ListedRun, ListedStarts
from bot.core.views.buttons import read_command_in_value, read_home_page_value
from bot.core.views.home import (
    FAILURES_A_PAGE,
    RUNS_A_PAGE,
    SCHEDULES_A_PAGE,
    FailingNow,
    FrequentSchedule,
    HomePage,
    HomeSection,
    ListedIncident,
    away_home,
    home,
)
from tests.core.views.plain import buttons, shown
from tests.core.views.test_active_runs import start
from tests.core.views.test_card import APP, ended, run
from tests.core.views.test_incident import failing
from tests.core.watching.ends import at

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
EMPTY = HomePage(NOW)


def runs(state: str, count: int, total: int = 0, first: int = 1) -> HomeSection:
    """This many runs of the nightly schedule."""
    listed = tuple(
        ListedRun(replace(run(state, end=ended(9) if state == "FAILED" else None), key=RunKey("w", number)), "C1")
        for number in range(first, first + count)
    )
    return HomeSection(total or count, listed)


def often(count: int) -> tuple[FrequentSchedule, ...]:
    """This many schedules."""
    return tuple(FrequentSchedule(f"s{number}", f"Schedule {number}", "C1", "data-eng") for number in range(count))


FULL = HomePage(
    NOW,
    mine=runs("RUNNING", RUNS_A_PAGE, total=20),
    others=runs("RUNNING", RUNS_A_PAGE, first=100),
    failures=runs("FAILED", FAILURES_A_PAGE, first=200),
    schedules=often(SCHEDULES_A_PAGE),
    schedules_total=50,
    missing="Private channels are left out.",
    notice=("Asked.",),
    queued=ListedStarts(9, tuple(start(str(number)) for number in range(5))),
    failing=FailingNow(20, tuple(ListedIncident(failing(name="x" * 300), "https://x.test/p") for _ in range(10))),
)


def made(page: HomePage) -> Message:
    """The page as it is shown."""
    return home(page, APP, "/bolt")


def test_what_fails_now_says_who_does_something_about_it() -> None:
    """Failing schedules, and who is on them, are shown on the first page only."""
    on_it = failing(on_it=OnIt("U0GRACE00", at(14), "grace"), snooze=Snooze("U0BOB0000"))
    page = replace(EMPTY, failing=FailingNow(1, (ListedIncident(on_it),)))
    assert shown(made(page))[1:3] == [
        "Failing now (1)",
        ":red_circle: Nightly full build is failing: 3 runs since 03:00 · #C1 · grace is on it, snoozed",
    ]
    assert "Failing now (1)" not in shown(made(replace(page, number=1)))


def test_an_empty_home_says_what_to_do_next() -> None:
    """Each section says that it's empty, and two say how to change that."""
    assert shown(made(EMPTY)) == [
        "Refreshed 15:00",
        "Your active runs",
        "None. Start one here, or with /bolt run <schedule> in a channel.",
        "Active runs in your channels",
        "No other active runs.",
        "Recent failures",
        "None in the last 7 days.",
        "Schedules you run most",
        "None yet. Schedules that you start here or with /bolt run <schedule> will show up here.",
    ]
    assert [button.label for button in buttons(made(EMPTY))] == ["Start a run", "Refresh"]
    assert parse(json.loads(buttons(made(EMPTY))[0].value)["c"], "/bolt") == RunForm()


def test_the_most_useful_comes_first() -> None:
    """Notices come first, then the person's runs, starts, their channels' runs, failures, and schedules to run."""
    lines = shown(made(FULL))
    titles = [
        "Your active runs (20)",
        "Your queued starts (9)",
        "Active runs in your channels (6)",
        "Recent failures (5)",
        "Schedules you run most",
    ]
    places = [lines.index(title) for title in titles]
    assert places == sorted(places)
    assert lines[0] == "Asked."
    assert "Private channels are left out." in lines


def test_of_very_many_it_is_said_that_there_are_more() -> None:
    """Beyond a hundred, a heading says only that there are more, because the count stops there."""
    assert "Your active runs (more than 100)" in shown(made(replace(EMPTY, mine=runs("RUNNING", 6, total=150))))


def test_the_fullest_page_is_within_slacks_hundred_blocks() -> None:
    """The fullest page has at most Slack's hundred blocks."""
    assert len(made(replace(FULL, number=3)).blocks) <= 100
    assert len(made(FULL).blocks) <= 100


def test_starts_that_wait_stand_on_the_first_page_alone() -> None:
    """Queued starts are shown on the first page only."""
    assert "Your queued starts (9)" not in shown(made(replace(FULL, number=1)))


def test_one_turns_pages_as_far_as_there_are_any() -> None:
    """Pages can be turned as far as the longest section goes."""
    assert FULL.pages == 10
    turns = {
        button.label: read_home_page_value(button.value)
        for button in buttons(made(FULL))
        if button.label in {"Previous", "Next"}
    }
    assert turns == {"Next": 1}
    last = made(replace(FULL, number=9))
    assert [button.label for button in buttons(last)][-1] == "Previous"
    assert "Refreshed 15:00 · page 10 of 10" in shown(last)


def test_a_later_page_leaves_out_what_has_ended_before_it() -> None:
    """On a later page, an empty section is left out instead of saying that there's nothing."""
    later = made(HomePage(NOW, 1, mine=HomeSection(7, runs("RUNNING", 1).runs), failures=HomeSection(3)))
    assert not any("None" in line or "failures" in line for line in shown(later))


def test_a_schedule_runs_where_its_button_says() -> None:
    """A schedule's button runs it in the channel that its label names, in direct messages, or in an unnamed channel."""
    cases = [
        (FrequentSchedule("nightly", "Nightly", "C1", "data-eng"), "Run in #data-eng", "C1"),
        (FrequentSchedule("nightly", "Nightly", "", left=True), "Run in direct messages", ""),
        (FrequentSchedule("nightly", "Nightly", "C1"), "Run", "C1"),
    ]
    for one, label, channel in cases:
        message = made(replace(EMPTY, schedules=(one,), schedules_total=1))
        run_button = next(button for button in buttons(message) if button.action.startswith("home.run."))
        text, place = read_command_in_value(run_button.value)
        assert (run_button.label, place, parse(text, "/bolt")) == (label, channel, RunCommand("nightly"))


@pytest.mark.parametrize("name", ["a/b c", "nightly ❄", "اختبار", "x" * 200, 'quo"te', "--pr 5"])
def test_any_name_can_be_run(name: str) -> None:
    """Any schedule's button runs exactly that schedule, whatever its name."""
    message = made(replace(EMPTY, schedules=(FrequentSchedule(name, name, "C1", "data-eng"),), schedules_total=1))
    text, _ = read_command_in_value(next(b for b in buttons(message) if b.action.startswith("home.run.")).value)
    assert parse(text, "/bolt") == RunCommand(name)


@pytest.mark.parametrize("value", ["", "[]", "{}", '{"page": -1}', '{"page": "1"}', '{"page": 1e9}', '{"page": true}'])
def test_a_page_that_is_none_is_the_first(value: str) -> None:
    """A click's value that isn't a page number means the first page."""
    assert read_home_page_value(value) == 0


def test_a_command_without_its_channel_goes_to_direct_messages() -> None:
    """A command without a channel runs in direct messages, and a value without a command is refused."""
    assert read_command_in_value('{"c": "run x"}') == ("run x", "")
    with pytest.raises(BadCommand):
        read_command_in_value("{}")


def test_where_nothing_can_be_read_it_says_so() -> None:
    """If nothing can be read, the page says so, with a Refresh button."""
    message = away_home(NOW, "I can't reach my database (Redis).")
    assert (
        shown(message)[0]
        == "I can't reach my database (Redis). Your runs in Bolt aren't affected. Refresh in a minute."
    )
    assert "Refresh" in [button.label for button in buttons(message)]
