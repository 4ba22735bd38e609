"""Events. Each is a file with `register(app, context)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.events import cache_invalidation, direct_message, home, mention
from bot.slack.listener_context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to every event that means something to us."""
    for event in (mention, direct_message, home, cache_invalidation):
        event.register(app, context)
