"""Invalidate cached user groups and channels when Slack reports that they changed."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.core.model.errors import StoreUnavailable
from bot.slack.listener_context import ListenerContext

FORGET_S = 1.0
GROUPS = ("subteam_members_changed", "subteam_updated")
CHANNELS = ("channel_shared", "channel_unshared")


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to these events."""

    async def on_group() -> BoltResponse | None:
        return await _forget(context, None)

    async def on_channel(event: dict[str, Any]) -> BoltResponse | None:
        channel = event.get("channel")
        return await _forget(context, channel) if isinstance(channel, str) else None

    for name in GROUPS:
        app.event(name)(on_group)
    for name in CHANNELS:
        app.event(name)(on_channel)


async def _forget(context: ListenerContext, channel: str | None) -> BoltResponse | None:
    """Invalidate the cache. Not acknowledged if that fails, so that Slack delivers the event again."""
    try:
        async with asyncio.timeout(FORGET_S):
            await (context.people.forget_groups() if channel is None else context.people.forget_channel(channel))
    except (StoreUnavailable, TimeoutError):
        return BoltResponse(status=503, body="")
    return None
