"""Fill the Home tab when a person opens the app.

`bot.flows.home` publishes it, and `bot.core.views.home` lays it out.
"""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.model.asker import Asker
from bot.core.model.errors import SlackError
from bot.core.model.request import request_id
from bot.slack.affiliation import affiliation_in_payload
from bot.slack.listener_context import ListenerContext

log = structlog.get_logger()


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the event."""

    async def on_opened(event: dict[str, Any], body: dict[str, Any]) -> None:
        # Slack also sends this event for the tab of direct messages.
        if event.get("tab") != "home":
            return
        view = event.get("view") or {}
        asker = Asker(context.me.team, event["user"], "")
        context.later(_show(context, asker, body, view.get("hash") or ""), asker)

    app.event("app_home_opened")(on_opened)


async def _show(context: ListenerContext, asker: Asker, body: dict[str, Any], replaces: str) -> None:
    """Publish the tab. The person didn't ask for anything, so an error is only logged and the old content stays."""
    opening = request_id(asker.team, f"home:{asker.user}:{body['event'].get('event_ts', '')}")
    try:
        if why_not := await context.guard.why_not(asker.user, affiliation_in_payload(body)):
            await context.home.publish_refusal(asker, why_not)
        else:
            await context.home.publish_home(asker, replaces=replaces, opening=opening)
    except SlackError as error:
        log.warning("a Home tab couldn't be filled", user=asker.user, why=str(error))
