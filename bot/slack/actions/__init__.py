"""Buttons. Each action is a file with `register(app, context)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.actions import (
    approve,
    artifacts,
    cancel,
    command,
    follow_run,
    home,
    list_page,
    logs,
    open_run,
    pause,
    retry,
    run_again,
    run_when_it_ends,
    start_another,
    suggested,
)
from bot.slack.listener_context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to every button."""
    for action in (
        cancel,
        start_another,
        approve,
        suggested,
        command,
        open_run,
        list_page,
        retry,
        run_again,
        follow_run,
        run_when_it_ends,
        logs,
        artifacts,
        pause,
        home,
    ):
        action.register(app, context)
