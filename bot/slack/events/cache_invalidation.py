"""Invalidate cached user groups and channels when Slack reports that they changed.

Watches of such a channel may have to pause or may resume: the channel itself is checked, whatever the event says.

`bot.flows.check_channel` checks it.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.core.model.errors import StoreUnavailable
from bot.slack.listener_context import ListenerContext

log = structlog.get_logger()

FORGET_S = 1.0
# Together with the handler's other steps, this has to stay under the 3 s that Slack waits.
MOVE_S = 1.5
CHANNEL_ID = re.compile(r"[A-Z][A-Z0-9]{1,40}")
GROUPS = ("subteam_members_changed", "subteam_updated")
CHANNELS = (
    "channel_shared",
    "channel_unshared",
    "channel_archive",
    "channel_unarchive",
    "channel_left",
    "group_archive",
    "group_unarchive",
    "group_left",
)


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to these events."""

    async def on_group() -> BoltResponse | None:
        return await _forget(context, None)

    async def on_channel(event: dict[str, Any]) -> BoltResponse | None:
        channel = event.get("channel")
        return await _forget(context, channel) if isinstance(channel, str) else None

    async def on_joined(event: dict[str, Any]) -> BoltResponse | None:
        # Slack reports everybody who joins a channel that the bot is in.
        return await on_channel(event) if event.get("user") == context.me.bot_user else None

    async def on_moved(event: dict[str, Any]) -> BoltResponse | None:
        old, new = (str(event.get(name) or "") for name in ("old_channel_id", "new_channel_id"))
        return await _move(context, old, new) if CHANNEL_ID.fullmatch(old) and CHANNEL_ID.fullmatch(new) else None

    app.event("member_joined_channel")(on_joined)
    app.event("channel_id_changed")(on_moved)
    for name in GROUPS:
        app.event(name)(on_group)
    for name in CHANNELS:
        app.event(name)(on_channel)


async def _forget(context: ListenerContext, channel: str | None) -> BoltResponse | None:
    """Invalidate the cache, and have a watched channel checked.

    If that fails, the event isn't acknowledged, so that Slack delivers it again.
    """
    try:
        async with asyncio.timeout(FORGET_S):
            if channel is None:
                await context.people.forget_groups()
            else:
                await context.people.forget_channel(channel)
                await context.watch_store.check_channels([channel])
    except (StoreUnavailable, TimeoutError):
        return BoltResponse(status=503, body="")
    return None


async def _move(context: ListenerContext, old: str, new: str) -> BoltResponse | None:
    """Move a channel's watches to its new id.

    If that fails, the event isn't acknowledged, so that Slack delivers it again.
    """
    try:
        async with asyncio.timeout(MOVE_S):
            moved = await context.watch_store.move_channel(old, new)
    except (StoreUnavailable, TimeoutError):
        return BoltResponse(status=503, body="")
    if moved:
        log.info("a watched channel has a new id", channel=new, before=old, watches=moved)
    return await _forget(context, new)
