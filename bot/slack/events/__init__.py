"""Events. Each is a file with `register(app, desk)`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.desk import Desk
from bot.slack.events import changed, direct, home, mention


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to every event that means something to us."""
    for event in (mention, direct, home, changed):
        event.register(app, desk)
