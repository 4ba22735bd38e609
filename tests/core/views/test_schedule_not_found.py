"""Suggestions for a mistyped name: a sentence, and a button for each schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.bolt import Schedule
from bot.core.model.command import RetryCommand, RunCommand, ShowCommand
from bot.core.model.request import Request
from bot.core.schedules.lookup import Ambiguous, Missing
from bot.core.views.buttons import START_SUGGESTED, VALUE_LIMIT, read_command_value, read_suggestion_value
from bot.core.views.schedule_not_found import OFFERED_MOST, did_you_mean, not_found, suggestions
from tests.core.views.plain import buttons, said

ASKED = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
REQUEST = Request(
    "abc", "T", "C", "U1", "ada", RunCommand("nigtly", "dev", reason="month end"), ASKED, near=("nightly", "nightly-2")
)
SCHEDULES = tuple(Schedule(number, "u", f"Nightly {number}", f"nightly-{number}", "OFF", "ui") for number in range(9))


def test_a_click_repeats_the_start_with_the_other_name() -> None:
    """A suggestion's button repeats the start with the other name and the same options."""
    row = suggestions(REQUEST)
    assert row is not None
    assert [button.label for button in row.buttons] == ["Run nightly", "Run nightly-2"]
    command, _, _ = read_suggestion_value(row.buttons[0].value)
    assert parse(command) == RunCommand("nightly", "dev", reason="month end")
    assert [button.action for button in row.buttons] == [f"{START_SUGGESTED}.0", f"{START_SUGGESTED}.1"]


def test_a_retry_is_repeated_as_a_retry() -> None:
    """A retry's suggestion is a retry, not a start."""
    row = suggestions(replace(REQUEST, start_command=RetryCommand(every=True, schedule_text="nigtly")))
    assert row is not None
    assert row.buttons[0].label == "Retry nightly"
    command, _, _ = read_suggestion_value(row.buttons[0].value)
    assert parse(command) == RetryCommand(every=True, schedule_text="nightly")


def test_nothing_near_is_no_button() -> None:
    """Without a similar name there's no button; if many names are similar, one row of buttons is shown."""
    assert suggestions(replace(REQUEST, near=())) is None
    row = suggestions(replace(REQUEST, near=tuple(one.slug for one in SCHEDULES)))
    assert row is not None
    assert len(row.buttons) == OFFERED_MOST


def test_a_long_command_is_found_again_by_its_request() -> None:
    """A command that is too long for a button is replaced by its request's id."""
    wanted = RunCommand("nigtly", commands=tuple("dbt run " + "x" * 900 for _ in range(5)))
    row = suggestions(replace(REQUEST, start_command=wanted))
    assert row is not None
    assert all(len(button.value) <= VALUE_LIMIT for button in row.buttons)
    assert read_suggestion_value(row.buttons[0].value) == ("", "abc", "nightly")


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (Ambiguous(("nightly-1", "nightly-2")), ["nightly-1", "nightly-2"]),
        (Missing(SCHEDULES[:2]), ["nightly-0", "nightly-1"]),
        (Missing(()), []),
    ],
)
def test_a_reader_gets_the_same_command_of_each(found: Ambiguous | Missing, names: list[str]) -> None:
    """The reply names what was typed and what it may have meant, with the same command on each button."""
    message = did_you_mean("nigtly", found, ShowCommand)
    assert said(message.text) == not_found("nigtly", found)
    assert '"nigtly"' in said(message.text)
    assert all(name in said(message.text) for name in names)
    assert [parse(read_command_value(button.value)) for button in buttons(message)] == [
        ShowCommand(name) for name in names
    ]
