"""The run that one of our messages is about, according to the message's own buttons."""

from __future__ import annotations

import pytest

from bot.core.model.command import CancelCommand, LogsCommand, ShowCommand
from bot.core.model.run import Run, RunFacts, RunKey
from bot.core.model.sent_message import MessageButton
from bot.core.views.buttons import CANCEL_RUN, OPEN_RUN, command_button, run_value
from bot.core.views.run_from_buttons import run_from_buttons

APP = "https://app.example"
KEY = RunKey("sandbox", 4711)
FACTS = RunFacts("nightly", "Nightly full build", asked_by="U0ADA")
CANCEL = MessageButton(CANCEL_RUN, run_value(Run(KEY, facts=FACTS)))
OPEN = MessageButton(OPEN_RUN, url=f"{APP}/bolt/run_id/4711")
LOGS = MessageButton("command.logs.0", command_button("Logs", LogsCommand(4711)).value)


@pytest.mark.parametrize("buttons", [[CANCEL, OPEN], [OPEN], [LOGS], [OPEN, LOGS, OPEN], [LOGS, CANCEL]])
def test_a_card_tells_its_run(buttons: list[MessageButton]) -> None:
    """Any button of a card gives the run, and the facts that one of them carries are kept."""
    found = run_from_buttons(buttons, "sandbox", APP)
    assert found is not None
    assert found.key == KEY
    assert found.facts == (FACTS if CANCEL in buttons else RunFacts())


@pytest.mark.parametrize(
    "buttons",
    [
        [],
        [MessageButton(OPEN_RUN, url="https://evil.example/bolt/run_id/4711")],
        [MessageButton(OPEN_RUN, url=f"{APP}/bolt/run_id/{'9' * 5000}")],
        [MessageButton(OPEN_RUN, url=f"{APP}/bolt/run_id/0")],
        [MessageButton(CANCEL_RUN, "[]")],
        [MessageButton(CANCEL_RUN, '{"w": "sandbox", "r": "4711"}')],
        [MessageButton("command.logs.0", "{}")],
        [MessageButton("command.logs.0", '{"c": "nonsense"}')],
        [MessageButton("command.show.0", command_button("Details", ShowCommand("nightly")).value)],
        [OPEN, MessageButton("command.cancel.0", command_button("Cancel", CancelCommand(4712)).value)],
    ],
)
def test_what_names_no_run_or_several_tells_none(buttons: list[MessageButton]) -> None:
    """Foreign addresses, invalid values and several runs give no run."""
    assert run_from_buttons(buttons, "sandbox", APP) is None


def test_another_workspaces_card_says_so() -> None:
    """A card of another workspace keeps that workspace, because ids are unique only within one."""
    other = RunKey("elsewhere", 4711)
    found = run_from_buttons([MessageButton(CANCEL_RUN, run_value(Run(other)))], "sandbox", APP)
    assert found is not None
    assert found.key == other
