"""Changes to channels, and the events that tell the app: archiving, leaving, joining, getting another id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from tests.waiting import seen

from .conftest import Served
from .test_admin import Ear, refused
from .test_web_api import refusal

EVENTS = (
    "channel_archive",
    "channel_id_changed",
    "channel_left",
    "channel_unarchive",
    "group_archive",
    "group_left",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
)


@pytest.fixture
async def ear(served: Served) -> AsyncIterator[Ear]:
    """An app that has subscribed to all of these events, connected by a socket."""
    ear = Ear(served, EVENTS)
    handler = AsyncSocketModeHandler(ear.app, served.ws.app_token, ping_interval=0.2)
    await handler.connect_async()
    await seen(served.ws, lambda: len(served.delivery.sockets.connections) == 1)
    yield ear
    await handler.close_async()


def told(ear: Ear) -> list[dict[str, Any]]:
    """The events without their times."""
    return [{name: value for name, value in one.items() if name != "event_ts"} for one in ear.events()]


async def test_a_public_channel_is_archived_and_comes_back(served: Served, ear: Ear) -> None:
    """Archiving and unarchiving a channel are one event each, which says who did it."""
    for what in ("archive", "archive", "unarchive"):
        await served.control("members", channel="data-eng", do=what, by="ada")
    assert told(ear) == [
        {"type": "channel_archive", "channel": "C0DATAENG", "user": "U0ADA", "is_moved": 0},
        {"type": "channel_unarchive", "channel": "C0DATAENG", "user": "U0ADA"},
    ]


async def test_the_bot_is_removed_and_invited_again(served: Served, ear: Ear) -> None:
    """The bot's own removal is a channel_left event; its invitation and others' moves are member events."""
    for what in ("kick", "kick", "invite", "invite"):
        await served.control("members", channel="data-eng", do=what)
    for what in ("kick", "invite"):
        await served.control("members", channel="data-eng", user="ada", do=what, by="ada")
    member = {"channel": "C0DATAENG", "channel_type": "C", "team": served.ws.team_id}
    assert told(ear) == [
        {"type": "channel_left", "channel": "C0DATAENG", "actor_id": "U0GRACE"},
        {"type": "member_joined_channel", "user": served.ws.bot.id, "inviter": "U0GRACE"} | member,
        {"type": "member_left_channel", "user": "U0ADA"} | member,
        {"type": "member_joined_channel", "user": "U0ADA"} | member,
    ]


async def test_private_channels_are_heard_of_from_inside(served: Served, ear: Ear) -> None:
    """Private channels have events with other names, which the bot gets only while it's a member."""
    await served.control("members", channel="finance", do="archive")
    await served.control("members", channel="finance", do="unarchive")
    await served.control("members", channel="finance", do="invite")
    await served.control("members", channel="finance", do="archive")
    await served.control("members", channel="finance", do="unarchive")
    await served.control("members", channel="finance", do="kick")
    await served.control("members", channel="finance", user="ada", do="kick")
    place = {"channel": "C0FINANCE"}
    joined = {"user": served.ws.bot.id, "inviter": "U0GRACE", "channel_type": "G", "team": served.ws.team_id}
    assert told(ear) == [
        {"type": "member_joined_channel"} | joined | place,
        {"type": "group_archive", "user": "U0GRACE", "is_moved": 0} | place,
        {"type": "group_unarchive", "actor_id": "U0GRACE"} | place,
        {"type": "group_left", "actor_id": "U0GRACE"} | place,
    ]


async def test_a_private_channel_gets_another_id(served: Served, ear: Ear) -> None:
    """A private channel's messages move to its new id, and the old id is no longer valid."""
    await served.control("members", channel="finance", do="invite")
    posted = await served.client.chat_postMessage(channel="C0FINANCE", text="one")
    reply = await served.client.chat_postMessage(channel="C0FINANCE", text="two", thread_ts=posted["ts"])
    new_id = str((await served.control("members", channel="finance", do="change_id"))["channel"])
    assert told(ear)[1:] == [
        {"type": "channel_id_changed", "old_channel_id": "C0FINANCE", "new_channel_id": new_id},
    ]
    assert await refusal(served.client.chat_postMessage(channel="C0FINANCE", text="three")) == "channel_not_found"
    await served.client.chat_update(channel=new_id, ts=str(posted["ts"]), text="one, edited")
    thread = await served.client.conversations_replies(channel=new_id, ts=str(posted["ts"]))
    assert [each["text"] for each in thread["messages"]] == ["one, edited", "two"]
    assert served.ws.channels[new_id].messages[str(reply["ts"])].channel == new_id
    refusing = (409, "method_not_supported_for_channel_type")
    assert await refused(served, "members", channel="data-eng", do="change_id") == refusing


async def test_without_the_scope_nothing_is_heard(served: Served, ear: Ear) -> None:
    """Each kind of channel needs its own scope for events."""
    served.ws.scopes.discard("channels:read")
    await served.control("members", channel="data-eng", do="archive")
    await served.control("members", channel="finance", do="invite")
    served.ws.scopes.discard("groups:read")
    await served.control("members", channel="finance", do="kick")
    assert [one["type"] for one in ear.events()] == ["member_joined_channel"]
    assert (await refused(served, "members", channel="data-eng", do="sell"))[0] == 400
