"""Buttons. Each action is a file with `register(app, desk)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.actions import (
    again,
    another,
    approve,
    artifacts,
    cancel,
    command,
    home,
    logs,
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
    for action in (
        cancel,
        another,
        approve,
        suggested,
        command,
        open_run,
        page,
        retry,
        again,
        watch,
        queue,
        logs,
        artifacts,
        suspend,
        home,
    ):
        action.register(app, desk)
