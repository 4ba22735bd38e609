"""Which buttons of a reply are allowed, by the action that each of them needs."""

from __future__ import annotations

import pytest

from bot.core.model.command import CancelCommand, Command, LogsCommand, RetryCommand, RunCommand, RunForm, RunsCommand
from bot.core.policy.rules import Action, Question
from bot.core.text.message import Button, Buttons, Message, Paragraph
from bot.core.views import buttons
from bot.core.views.allowed_buttons import allowed, question_of
from bot.core.views.buttons import command_button


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (RunCommand("nightly"), Action.START),
        (RunForm(), Action.START),
        (RetryCommand(every=False, run_id=7), Action.RETRY),
        (CancelCommand(7), Action.CANCEL),
        (LogsCommand(7), Action.LOGS),
        (RunsCommand("nightly"), Action.READ),
    ],
)
def test_a_button_that_stands_for_a_command(command: Command, action: Action) -> None:
    """For a command's button, the policy is asked about the command's own action."""
    asked = question_of(command_button("x", command, number=3).action)
    assert asked == Question(action, posts=action in {Action.START, Action.RETRY})


def test_buttons_that_would_be_refused_are_left_out() -> None:
    """Buttons that would be refused are left out, along with rows that become empty; links and texts stay."""
    link = Button(buttons.OPEN_RUN, "Open in Bolt", url="https://example.test")
    reads = Button(f"{buttons.LIST_PAGE}.next", "Next")
    cancels, follows = Button(buttons.CANCEL_RUN, "Cancel"), Button(f"{buttons.FOLLOW_RUN}.1", "Follow")
    text = Paragraph(("x",))
    message = Message(("x",), (text, Buttons((cancels, link, reads)), Buttons((cancels, follows))))
    kept = allowed(message, lambda asked: asked == Question(Action.READ))
    assert kept.blocks == (text, Buttons((link, reads)))
    assert allowed(message, lambda _asked: True) == message
