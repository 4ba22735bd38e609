"""Events. Each is a module with `register(app, context)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.listener_context import ListenerContext
from bot.slack.modules import modules_of, register_all


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to every event that we handle."""
    register_all(modules_of(__name__), app, context)
