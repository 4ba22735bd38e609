"""The runs of a schedule: what each line says, and what can be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.bolt import RunSummary, Schedule
from bot.core.model.command import RunCommand, RunsCommand
from bot.core.model.run import RunKey
from bot.core.text.message import Message
from bot.core.views.buttons import read_command_value, read_run_value
from bot.core.views.paging import page
from bot.core.views.run_list import listed_run, never_ran, run_line, run_list
from tests.core.views.plain import buttons, said, shown

APP = "https://app.example"
T0 = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
NIGHTLY = Schedule(1, "u", "Nightly full build", "nightly", "OFF", "ui")
RUN = RunSummary(7, "SUCCESS", "Bolt scheduler", started_at=T0, ended_at=T0 + timedelta(seconds=90))


def listed(*runs: RunSummary, number: int = 1, most: int = 50) -> Message:
    """A page of these runs."""
    return run_list(NIGHTLY, page(runs, number), RunsCommand("nightly"), workspace="w", app_url=APP, most=most)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (RUN, "succeeded in 1 min 30 s"),
        (replace(RUN, state="FAILED"), "failed after 1 min 30 s"),
        (replace(RUN, state="RUNNING", ended_at=None), "running · started"),
        (replace(RUN, branch="dev", commit="3f2c1ab99e"), "dev @ 3f2c1ab"),
        (replace(RUN, branch="3f2c1ab99e", commit="3f2c1ab99e0"), "· 3f2c1ab99e ·"),
        (replace(RUN, commit="3f2c1ab99e"), "· 3f2c1ab ·"),
        (replace(RUN, pull_request="12"), "pull request 12"),
        (replace(RUN, parent_run_id=6), "retry of run 6"),
        (replace(RUN, actor_email="ada@example.com"), "by ada@example.com"),
    ],
)
def test_a_line_tells_how_a_run_stands_and_whose_it_is(run: RunSummary, words: str) -> None:
    """A line shows the run's state, commit and person, without repeating a commit that was given as the branch."""
    assert words in said(run_line(run, APP))


def test_a_line_is_as_long_as_what_is_known() -> None:
    """A line is shorter if less is known, as with older runs."""
    assert said(run_line(RunSummary(7, "SKIPPED", ""), APP)).endswith("Run 7 skipped")


def test_only_a_run_that_goes_on_can_be_followed() -> None:
    """Only an active run has a Follow button, which carries the listing's facts."""
    active = replace(RUN, id=8, state="RUNNING", branch="dev", pull_request="12", ended_at=None)
    (button,) = buttons(listed(active, RUN))
    value = read_run_value(button.value)
    assert value.key == RunKey("w", 8)
    assert (value.facts.slug, value.facts.branch, value.facts.pull_request) == ("nightly", "dev", 12)


def test_what_a_listing_tells_of_a_run_is_kept() -> None:
    """A listed run keeps the listing's facts, but counts as not started here."""
    run = listed_run(NIGHTLY, replace(RUN, parent_run_id=6, pull_request="nonsense"), "w")
    assert (run.facts.name, run.facts.parent_run, run.facts.asked_at) == ("Nightly full build", 6, T0)
    assert run.facts.pull_request is None
    assert not run.started_here


def test_there_may_be_more_than_are_listed() -> None:
    """The first line says how many runs there are, or how many were asked for if there may be more."""
    runs = [replace(RUN, id=number) for number in range(12)]
    assert "12 runs, page 1 of 2" in shown(listed(*runs))[0]
    assert "newest 12 runs" in shown(listed(*runs, most=12))[0]
    assert [button.label for button in buttons(listed(*runs, number=2))] == ["Previous"]


def test_the_notification_tells_the_page_in_one_line() -> None:
    """The text for notifications and screen readers names each run on the page with its state."""
    assert said(listed(RUN, replace(RUN, id=6, state="ERROR")).text).endswith("run 7 succeeded; run 6 failed.")


def test_a_schedule_that_never_ran_can_be_run() -> None:
    """A schedule that never ran gets a Run button instead of a list, unless its slug doesn't fit in a button."""
    assert listed() == never_ran(NIGHTLY)
    (button,) = buttons(never_ran(NIGHTLY))
    assert parse(read_command_value(button.value)) == RunCommand("nightly")
    assert buttons(never_ran(replace(NIGHTLY, slug="x" * 3000))) == []
