"""Views: modals, each a file with `register(app, context)`, and App Home."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.listener_context import ListenerContext
from bot.slack.views import run_form


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to every modal."""
    for view in (run_form,):
        view.register(app, context)
