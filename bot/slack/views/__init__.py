"""Views: modals, each a file with `register(app, desk)`, and App Home."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.listener_context import Desk
from bot.slack.views import run_form


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to every modal."""
    for view in (run_form,):
        view.register(app, desk)
