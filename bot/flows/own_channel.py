"""Channels in which the bot posts unasked: whether it's allowed to, and able to.

Once a channel has watches, `bot.flows.check_channel` checks it regularly.
"""

from __future__ import annotations

import structlog

from bot.core.model.asker import Asker
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.errors import SlackError
from bot.flows.ports.slack import Chat

log = structlog.get_logger()

ELSEWHERE = (
    "I can't post in this direct message, because I'm not part of it. Type the command in a channel, "
    "or in a direct message with me. Nothing was changed."
)


async def why_not_here(chat: Chat, asker: Asker) -> str | None:
    """Why nothing can be watched here, if it's a direct message between other people.

    None in a channel, or in the direct message with the bot.
    """
    if not asker.channel.startswith("D"):
        return None
    try:
        is_mine = await chat.direct_channel(asker.user) == asker.channel
    except SlackError as error:
        log.info("couldn't get the channel of a direct message", user=asker.user, why=str(error))
        return f"{error.sentence} Nothing was changed. Try again in a minute."
    return None if is_mine else ELSEWHERE


async def why_cannot_post(chat: Chat, channel_info: ChannelInfo) -> str:
    """Join a channel if it's public, as for a start's card. Returns why the bot can't post there, or "" if it can."""
    if channel_info.kind is not ChannelKind.PUBLIC:
        return ""
    try:
        await chat.join_channel(channel_info.channel)
    except SlackError as error:
        log.info("a channel can't be joined", channel=channel_info.channel, why=str(error))
        return error.sentence
    return ""
