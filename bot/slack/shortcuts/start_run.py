"""*Start a Bolt run*, from anywhere in Slack: open the form, which asks where to post the card."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.listener_context import Call, ListenerContext, click_asker
from bot.slack.views.run_form_interactions import open_form

CALLBACK = "run.form"


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the shortcut."""

    async def on_shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
        asker = click_asker(body, context.me.team)
        trigger_id = body.get("trigger_id") or ""
        context.later(open_form(context, Call(asker, trigger_id, trigger_id=trigger_id)), asker)
        await ack()

    app.global_shortcut(CALLBACK)(on_shortcut)
