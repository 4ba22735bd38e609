"""Everything that Bolt knows about a schedule, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.bolt import Deferral, Notification, RunSummary, Schedule
from bot.core.model.command import PauseCommand, WatchCommand
from bot.core.text.message import Message
from bot.core.views.buttons import read_command_value
from bot.core.views.schedule_page import COMMANDS_SHOWN, NOTIFIED_SHOWN, RUNS_SHOWN, schedule_page
from tests.core.views.plain import buttons, said, shown

ON = (True,)
NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
NIGHTLY = Schedule(
    1,
    "u",
    "Nightly full build",
    "nightly",
    "0 2 * * *",
    "ui",
    "ada@example.com",
    suspended=False,
    commands=("dbt build",),
)
RUN = RunSummary(7, "SUCCESS", "Bolt scheduler", started_at=NOW - timedelta(seconds=90), ended_at=NOW)
RUNS = tuple(replace(RUN, id=number) for number in range(9, 0, -1))


def of(schedule: Schedule = NIGHTLY, runs: Sequence[RunSummary] | None = RUNS, *, active: bool = True) -> Message:
    """The page of a schedule."""
    return schedule_page(schedule, runs, NOW, app_url="https://app.example", active=active)


def labels(message: Message) -> list[str]:
    """The labels of a message's buttons."""
    return [button.label for button in buttons(message)]


def test_everything_can_be_done_from_an_active_schedule() -> None:
    """An active schedule can be run, watched, and paused or resumed, and its runs can be listed and charted."""
    assert labels(of()) == ["Run", "Runs", "History", "Pause", "Watch"]
    resume, watch = buttons(of(replace(NIGHTLY, suspended=True)))[-2:]
    assert parse(read_command_value(resume.value)) == PauseCommand("nightly", pause=False)
    assert parse(read_command_value(watch.value)) == WatchCommand("nightly")


def test_what_bolt_would_refuse_is_not_offered() -> None:
    """Actions that Bolt would refuse aren't offered: running an inactive schedule, or pausing one from a file."""
    assert labels(of(active=False)) == ["Runs", "History"]
    assert labels(of(replace(NIGHTLY, source="YAML"))) == ["Run", "Runs", "History", "Watch"]
    assert labels(of(runs=RUNS[:1])) == ["Run", "Runs", "Pause", "Watch"]


def test_the_channels_that_watch_it_are_named() -> None:
    """The channels that watch a schedule are named, if there are any."""
    page = schedule_page(NIGHTLY, RUNS, NOW, app_url="https://app.example", active=True, watched_in=["C1", "C2"])
    assert "Watched in #C1, #C2." in shown(page)
    assert not any("Watched in" in line for line in shown(of()))


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (RUNS, "last run succeeded, started"),
        ([replace(RUN, state="RUNNING", ended_at=None)], "is running, started"),
        ((), "hasn't run yet"),
    ],
)
def test_the_first_line_tells_how_the_newest_run_stands(runs: Sequence[RunSummary], words: str) -> None:
    """A final state is the last run's; any other state is what the schedule is doing now."""
    assert words in shown(of(runs=runs))[0]


def test_runs_that_bolt_does_not_return_are_no_runs_that_are_not_there() -> None:
    """If Bolt doesn't return the runs, the page says so and shows the schedule's own last state."""
    message = of(replace(NIGHTLY, last_run_state="FAILED"), runs=None)
    assert "failed" in shown(message)[0]
    assert any("runs" in line and "Bolt" in line for line in shown(message))


def test_the_newest_runs_are_listed() -> None:
    """The newest few runs are listed."""
    assert sum("Run " in line and "succeeded in" in line for line in shown(of())) == RUNS_SHOWN


def test_of_many_commands_the_first_are_listed_with_their_numbers() -> None:
    """The first commands are listed with their numbers, and the rest are counted."""
    message = of(replace(NIGHTLY, commands=tuple(f"dbt run {number}" for number in range(COMMANDS_SHOWN + 3))))
    lines = shown(message)
    assert f"{COMMANDS_SHOWN}. dbt run {COMMANDS_SHOWN - 1}" in lines
    assert not any(line.startswith(f"{COMMANDS_SHOWN + 1}. ") for line in lines)
    assert any("3 more" in line for line in lines)


@pytest.mark.parametrize(
    ("deferral", "words"),
    [
        (None, "not set"),
        (Deferral(enabled=False, schedule_slug="prod"), "off"),
        (Deferral(enabled=True), "on"),
        (
            Deferral(*ON, "Production", "prod", "env", successful_run_only=True),
            "on, to schedule prod, to environment env, successful runs only",
        ),
        (Deferral(*ON, "Production"), "on, to schedule Production"),
    ],
)
def test_deferral_and_turbo_ci(deferral: Deferral | None, words: str) -> None:
    """Nothing else is shown for a deferral that is off, and a schedule's slug is shown rather than its name."""
    lines = shown(of(replace(NIGHTLY, deferral=deferral, turbo_ci=deferral)))
    assert f"Deferral: {words}" in lines
    assert f"Turbo CI: {words}" in lines


def test_notifications_are_told_once_in_either_shape() -> None:
    """Notifications are shown once, from the newer shape if Bolt returns both, and those that don't fit are counted."""
    old = replace(NIGHTLY, slack_on=("failed",), slack_notify=("#data",), email_on=("passed",), email_notify=("a@b.c",))
    facts = said(of(old).text) + " ".join(shown(of(old)))
    assert "Slack #data on failed; email a@b.c on passed." in facts
    new = replace(old, notifications=(Notification("teams", "ops", ("failed", "passed"), "short"),))
    facts = " ".join(shown(of(new)))
    assert "Teams ops on failed, passed, template short." in facts
    assert "#data" not in facts
    many = replace(NIGHTLY, slack_notify=tuple(f"#c{number}" for number in range(NOTIFIED_SHOWN + 2)))
    assert "2 more." in " ".join(shown(of(many)))


def test_the_notification_says_when_it_runs_and_whose_it_is() -> None:
    """The text for notifications and screen readers has the time and the owner, without the rest."""
    text = said(of().text)
    assert "When: " in text
    assert "ada@example.com" in text
    assert "dbt build" not in text
