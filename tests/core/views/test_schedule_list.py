"""The list of schedules: what it counts, what each row says, and what can be done from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.bolt import Schedule
from bot.core.model.command import ListCommand, RunCommand, ShowCommand, WatchCommand
from bot.core.text.message import Message
from bot.core.text.text import Code
from bot.core.views.buttons import read_command_value
from bot.core.views.paging import page
from bot.core.views.schedule_list import paused, schedule_list
from tests.core.views.plain import buttons, said, shown

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
NIGHTLY = Schedule(
    1,
    "u",
    "Nightly full build",
    "nightly",
    "0 2 * * *",
    "ui",
    "ada@example.com",
    last_run_state="FAILED",
    last_run_at=NOW,
)


def listed(*schedules: Schedule, asked: ListCommand | None = None, as_of: datetime | None = None) -> Message:
    """The first page of these schedules."""
    return schedule_list(page(schedules, 1), asked or ListCommand(), NOW, prefix="/dbt", as_of=as_of)


def test_a_row_says_how_the_last_run_ended_and_when_the_next_one_begins() -> None:
    """A row shows how the last run ended, the slug (which people type) and the owner."""
    _, row, facts = shown(listed(NIGHTLY))
    assert row.startswith(":x: Nightly full build failed · last run 14:20")
    assert "nightly" in facts
    assert facts.endswith("ada@example.com")
    assert Code("nightly") in [span for block in listed(NIGHTLY).blocks for span in getattr(block, "text", ())]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (ListCommand(), "1 schedule."),
        (ListCommand(suspended=True), "1 paused schedule."),
        (ListCommand(inactive=True), "1 inactive schedule."),
        (ListCommand("finance"), "1 schedule matching finance."),
        (ListCommand(failing=True), "1 schedule whose last run failed."),
    ],
)
def test_the_first_line_says_what_was_asked_for(asked: ListCommand, words: str) -> None:
    """The first line names the filter, so that a filtered list isn't taken for everything."""
    assert shown(listed(NIGHTLY, asked=asked))[0] == words


def test_an_old_list_says_how_old_it_is() -> None:
    """A list that is shown because Bolt doesn't answer says how old it is."""
    assert "14:20" in shown(listed(NIGHTLY, as_of=NOW))[0]


def test_an_inactive_schedule_can_only_be_looked_at() -> None:
    """An inactive schedule has only Details, because Bolt wouldn't start it."""
    run, details, watch = buttons(listed(NIGHTLY))
    assert parse(read_command_value(run.value)) == RunCommand("nightly")
    assert parse(read_command_value(details.value)) == ShowCommand("nightly")
    assert parse(read_command_value(watch.value)) == WatchCommand("nightly")
    inactive = buttons(listed(NIGHTLY, asked=ListCommand(inactive=True)))
    assert [button.label for button in inactive] == ["Details"]


def test_a_paused_schedule_is_marked() -> None:
    """A schedule that is known to be paused is marked as such in its row and in the notification; others aren't."""
    message = listed(replace(NIGHTLY, suspended=True))
    assert "paused" in shown(message)[1]
    assert "failed, paused" in said(message.text)
    assert paused(NIGHTLY) == paused(replace(NIGHTLY, suspended=False)) == ()


@pytest.mark.parametrize(
    "asked", [ListCommand("zzz"), ListCommand(failing=True), ListCommand(suspended=True), ListCommand(inactive=True)]
)
def test_an_empty_list_says_how_to_see_the_others(asked: ListCommand) -> None:
    """An empty list that was filtered says how to see the other schedules."""
    assert Code("/dbt list") in listed(asked=asked).text


def test_a_workspace_without_schedules_says_so() -> None:
    """A workspace without schedules doesn't suggest listing them again."""
    message = listed()
    assert "no schedules" in said(message.text)
    assert Code("/dbt list") not in message.text


def test_a_schedule_whose_slug_no_button_carries_spoils_no_list() -> None:
    """A schedule whose slug doesn't fit in a button has a row without buttons."""
    message = listed(replace(NIGHTLY, slug="x" * 3000), NIGHTLY)
    assert len(buttons(message)) == 3
    assert sum("Nightly full build" in line for line in shown(message)) == 2
