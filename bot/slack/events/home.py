"""A person opens the app: its Home tab is filled."""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.errors import SlackError
from bot.core.request import request_id
from bot.flows.ports import Asker
from bot.slack.desk import Desk
from bot.slack.events.said import is_stranger

log = structlog.get_logger()


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the event."""

    async def on_opened(event: dict[str, Any], body: dict[str, Any]) -> None:
        # It comes for the tab of direct messages, too.
        if event.get("tab") != "home":
            return
        if is_stranger(body, event, desk.me.team):
            # Nobody has asked for anything, so nothing is told.
            log.warning("a Home tab of another team", user=event["user"])
            return
        view = event.get("view") or {}
        asker = Asker(desk.me.team, event["user"], "")
        opening = request_id(asker.team, f"home:{asker.user}:{event.get('event_ts', '')}")
        desk.later(_show(desk, asker, opening, view.get("hash") or ""), asker)

    app.event("app_home_opened")(on_opened)


async def _show(desk: Desk, asker: Asker, opening: str, replaces: str) -> None:
    """Nobody has asked for anything: where it fails, what was shown stays, and the log has it."""
    try:
        await desk.home.show(asker, replaces=replaces, opening=opening)
    except SlackError as error:
        log.warning("a Home tab could not be filled", user=asker.user, why=str(error))
