"""*Open in Bolt*: a link. Slack still reports its click, which only needs an acknowledgement.

`run_url` in `bot.core.model.run` makes the address.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.views.buttons import OPEN_RUN
from bot.slack.listener_context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:  # noqa: ARG001 - every action has the same shape
    """Listen to the button."""

    async def on_click(ack: AsyncAck) -> None:
        await ack()

    app.action(OPEN_RUN)(on_click)
