"""Every command has somebody who does it."""

from __future__ import annotations

from typing import get_args

from bot.core.model.command import Command
from bot.slack.commands import HANDLERS


def test_every_command_has_a_handler() -> None:
    """What the grammar can give, the bot can do."""
    assert set(HANDLERS) == set(get_args(Command))
