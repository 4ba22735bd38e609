"""Shortcuts, as the manifest declares them. Each is a file with `register(app, context)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.listener_context import ListenerContext
from bot.slack.shortcuts import details, run_form


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to every shortcut."""
    for shortcut in (details, run_form):
        shortcut.register(app, context)
