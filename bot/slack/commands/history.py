"""`history <schedule>`: a picture of its last runs, for everybody here."""

from __future__ import annotations

from bot.core.command import HistoryCommand
from bot.slack.desk import Call, Desk


def handle(desk: Desk, call: Call, command: HistoryCommand) -> None:
    """Draw and post it."""
    desk.later(desk.histories.post(call.asker, command, call.delivery), call.asker)
