"""Every command has a handler.

The commands themselves are tested in tests/e2e, mostly in files named after them; `list`, `show` and `runs` are in
test_reading.py.
"""

from __future__ import annotations

from typing import get_args

import pytest

from bot.core.commands.grammar import parse
from bot.core.commands.guess import acts, read
from bot.core.commands.verbs import VERBS
from bot.core.model.command import (
    AuditCommand,
    Command,
    DigestCommand,
    FailingCommand,
    LogsCommand,
    PauseCommand,
    RunCommand,
    StatusCommand,
    UnwatchCommand,
    WatchCommand,
    WatchesCommand,
    WhoamiCommand,
)
from bot.core.policy.rules import Action
from bot.slack.authorization import Asks, OfChannel, OfRun, OfSchedule
from bot.slack.commands import handlers


def test_every_command_has_a_handler() -> None:
    """Every command that the grammar can return has a handler."""
    assert set(handlers()) == set(get_args(Command))


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (StatusCommand(), OfChannel(Action.READ)),
        (StatusCommand(run_id=7), OfRun(Action.READ, 7)),
        (StatusCommand(schedule_text="nightly"), OfSchedule(Action.READ, "nightly")),
        (LogsCommand(7), OfRun(Action.LOGS, 7)),
        (LogsCommand(7, follow=True), OfRun(Action.LOGS, 7, posts=True)),
        (PauseCommand("nightly", pause=True), OfSchedule(Action.PAUSE, "nightly")),
        (AuditCommand(schedule_text="nightly"), OfChannel(Action.AUDIT)),
        (WatchesCommand(), OfChannel(Action.READ)),
        (WatchesCommand(every=True), OfChannel(Action.AUDIT, doing="see what other channels watch")),
        (DigestCommand(), OfChannel(Action.READ)),
        (DigestCommand("off"), OfChannel(Action.WATCH)),
        (DigestCommand("daily", "09:00"), OfChannel(Action.WATCH, posts=True)),
        (FailingCommand(), OfChannel(Action.READ)),
        (FailingCommand(every=True), OfChannel(Action.AUDIT, doing="see what is failing in other channels")),
        (WatchCommand("nightly"), None),
        (UnwatchCommand("3"), None),
        (RunCommand("nightly"), None),
        (WhoamiCommand(), None),
    ],
)
def test_what_the_policy_is_asked(command: Command, asked: Asks | None) -> None:
    """Each command asks the policy about the right action, or doesn't ask before its target is looked up."""
    assert handlers()[type(command)].asks(command) == asked


@pytest.mark.parametrize("typed", [example for verb in VERBS.values() for example, _ in verb.help[1:]])
def test_a_command_acts_if_the_policy_is_asked_for_an_action(typed: str) -> None:
    """A command that asks the policy about an action is an acting one, and its example in `help` isn't a guess."""
    command = parse(typed)
    asked = handlers()[type(command)].asks(command)
    if asked is not None and asked.action.acts:
        assert acts(command)
        assert read(typed) == command
