"""Pausing and resuming: the question, the result, and how to undo it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.bolt import Schedule
from bot.core.model.command import PauseCommand, ShowCommand
from bot.core.text.message import Message
from bot.core.views import pause_question
from bot.core.views.buttons import PAUSE_NO, PAUSE_YES, read_command_value
from tests.core.views.plain import buttons, said

NIGHTLY = Schedule(1, "u", "Nightly full build", "nightly", "OFF", "ui", owner="ada@example.com")
both = pytest.mark.parametrize("pause", [True, False], ids=["pause", "resume"])


@both
def test_the_question_has_two_answers(pause: bool) -> None:  # noqa: FBT001 - a parameter
    """Both answers carry the question, so that No can say what stays as it is."""
    yes, no = buttons(pause_question.question(NIGHTLY, pause=pause))
    assert (yes.action, no.action) == (PAUSE_YES, PAUSE_NO)
    for button in (yes, no):
        assert parse(read_command_value(button.value)) == PauseCommand("nightly", pause=pause)
    assert yes.style is None


@both
def test_what_was_done_can_be_undone(pause: bool) -> None:  # noqa: FBT001 - a parameter
    """The action can be undone with the opposite command, and the details are a click away."""
    undo, details = buttons(pause_question.done(NIGHTLY, pause=pause))
    assert parse(read_command_value(undo.value)) == PauseCommand("nightly", pause=not pause)
    assert parse(read_command_value(details.value)) == ShowCommand("nightly")


@both
def test_what_was_not_done_can_be_tried_again(pause: bool) -> None:  # noqa: FBT001 - a parameter
    """If nothing was done, trying again is offered; if the outcome is unclear, only the details are offered."""
    again, _ = buttons(pause_question.not_done(NIGHTLY, pause=pause))
    assert parse(read_command_value(again.value)) == PauseCommand("nightly", pause=pause)
    (details,) = buttons(pause_question.unclear(NIGHTLY, pause=pause))
    assert parse(read_command_value(details.value)) == ShowCommand("nightly")


@both
@pytest.mark.parametrize(
    "answer",
    [
        pause_question.already,
        pause_question.from_yaml,
        partial(pause_question.refused, why="no."),
        lambda schedule, pause: pause_question.inactive(schedule),  # noqa: ARG005 - the same for both
    ],
    ids=["already", "yaml", "refused", "inactive"],
)
def test_a_refusal_names_the_schedule_and_says_that_nothing_changed(
    answer: Callable[..., Message],
    pause: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A refusal names the schedule, says that nothing changed, and offers only its details."""
    message = answer(NIGHTLY, pause=pause)
    text = said(message.text)
    assert "Nightly full build" in text
    assert "othing was changed" in text
    assert [parse(read_command_value(one.value)) for one in buttons(message)] == [ShowCommand("nightly")]


def test_whoever_can_change_it_is_named() -> None:
    """The owner is named if the schedule comes from a file or only its owner can change it."""
    for message in (
        pause_question.from_yaml(NIGHTLY, pause=True),
        pause_question.refused(NIGHTLY, "Only the owner may do that.", pause=True),
    ):
        assert "ada@example.com" in said(message.text)
    assert "owner" not in said(pause_question.from_yaml(replace(NIGHTLY, owner=None), pause=True).text)
    assert "Only the owner may do that. " in said(
        pause_question.refused(NIGHTLY, "Only the owner may do that.", pause=True).text
    )


def test_no_leaves_everything_as_it_is() -> None:
    """The reply to No names the schedule as it was asked for."""
    assert "nightly" in said(pause_question.left(PauseCommand("nightly", pause=True)).text)


def test_a_schedule_without_a_name_is_called_by_its_slug() -> None:
    """A schedule without a name is called by its slug."""
    assert "nightly" in said(pause_question.question(replace(NIGHTLY, name=""), pause=True).text)
