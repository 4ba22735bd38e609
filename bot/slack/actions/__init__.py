"""Buttons. Each action is a file with `register(app, desk)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.actions import (
    again,
    another,
    cancel,
    command,
    home,
    open_run,
    page,
    queue,
    retry,
    suggested,
    suspend,
    watch,
)
from bot.slack.desk import Desk


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to every button."""
    for action in (cancel, another, suggested, command, open_run, page, retry, again, suspend, home, watch, queue):
        action.register(app, desk)
