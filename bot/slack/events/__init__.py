"""Events. Each is a file with `register(app, desk)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.desk import Desk
from bot.slack.events import direct, mention


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to every event."""
    for event in (mention, direct):
        event.register(app, desk)
