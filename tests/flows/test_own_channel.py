"""Channels in which the bot posts without being asked each time."""

from __future__ import annotations

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.errors import ChannelRefused, SlackNotSent
from bot.flows.own_channel import ELSEWHERE, why_cannot_post, why_not_here
from tests.flows.fakes import FakeChat
from tests.flows.stage import ADA, asker


async def test_only_direct_messages_with_the_bot_are_its_own() -> None:
    """Commands that make the bot post work in channels and in its own direct messages, but not in other people's."""
    chat = FakeChat()
    assert await why_not_here(chat, asker()) is None
    assert await why_not_here(chat, asker(channel=await chat.direct_channel(ADA))) is None
    assert await why_not_here(chat, asker(channel="D0THEIRS")) == ELSEWHERE
    chat.faults.fail("direct_channel", SlackNotSent("conversations.open"))
    unsure = await why_not_here(chat, asker(channel="D0THEIRS"))
    assert unsure is not None
    assert unsure.endswith("Nothing was changed. Try again in a minute.")


async def test_public_channels_are_joined() -> None:
    """The bot joins no private channel: people have to invite it."""
    chat = FakeChat()
    assert await why_cannot_post(chat, ChannelInfo("C1", "data", ChannelKind.PUBLIC, shared=False)) == ""
    assert chat.joined == ["C1"]
    assert await why_cannot_post(chat, ChannelInfo("G1", "secret", ChannelKind.PRIVATE, shared=False)) == ""
    assert chat.joined == ["C1"]
    chat.faults.fail("join_channel", ChannelRefused("conversations.join", "is_archived"))
    assert await why_cannot_post(chat, ChannelInfo("C1", "data", ChannelKind.PUBLIC, shared=False)) != ""
