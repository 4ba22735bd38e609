"""Connections that Slack ends at once are tried again after a pause, and the cause is in the log."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import WSMessage, WSMsgType
from slack_sdk.web.async_client import AsyncWebClient

from bolt_sandbox.server import Sandbox
from bot.core.model.errors import BotError
from bot.slack.identity import Identity
from bot.slack.listener_app import build_app
from bot.slack.refused_connections import PAUSES_S, SHORT, RefusedConnections
from bot.slack.socket_mode import SocketModeReceiver
from tests.waiting import eventually

ME = Identity("T0SANDBOX", "U0BOT", "B0BOT", "bolt", "https://acme.slack.com/")
OFF = "Socket Mode is off in the app's settings"


def test_the_pauses_grow_and_end_with_a_greeting() -> None:
    """The pauses grow, the last one is repeated, and a greeting ends them."""
    refused = RefusedConnections(asyncio.Event())
    assert (refused.pause_s, refused.cause) == (0, "")
    pauses = []
    for _ in range(4):
        refused.note("disconnect", "link_disabled")
        pauses.append(refused.pause_s)
    assert pauses == [*PAUSES_S, PAUSES_S[-1]]
    assert refused.cause == OFF
    refused.note("hello")
    assert (refused.pause_s, refused.cause) == (0, "")


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "something new"])
def test_a_connection_that_is_replaced(reason: str) -> None:
    """After a connection that Slack replaces, the next one is opened at once."""
    refused = RefusedConnections(asyncio.Event())
    refused.note("disconnect", reason)
    assert (refused.pause_s, refused.cause) == (0, "")


async def test_what_is_heard_on_a_connection() -> None:
    """Only Slack's own short messages are read on a connection."""
    refused = RefusedConnections(asyncio.Event())
    disconnect = {"type": "disconnect", "reason": "too_many_websockets"}
    long = json.dumps({**disconnect, "more": "x" * SHORT})
    for data in (long, "no JSON", "[]", "{}", b"bytes", None):
        await refused.hear(WSMessage(WSMsgType.TEXT, data, None))
    assert refused.cause == ""
    await refused.hear(WSMessage(WSMsgType.TEXT, json.dumps(disconnect), None))
    assert "ten connections" in refused.cause


async def test_the_end_of_the_bot_ends_the_pause() -> None:
    """When the bot stops, the pause ends and no further connection is opened."""
    stopping = asyncio.Event()
    refused = RefusedConnections(stopping, (3600,))
    await refused.wait()
    refused.note("disconnect", "link_disabled")
    waiting = asyncio.create_task(refused.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    stopping.set()
    with pytest.raises(ConnectionError):
        await waiting


async def test_socket_mode_that_is_turned_off_and_on(sandbox: Sandbox) -> None:
    """While Socket Mode is off, the outage has its cause and few calls are made; then the bot is ready again."""
    settings = sandbox.env()
    web = AsyncWebClient(settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"])
    app = build_app(web, "xoxb-1", ME, (), lambda _where, _error: "abc", lambda _asker, _message: None)
    outages: list[BotError | None] = []
    intake = SocketModeReceiver(
        app, settings["SLACK_APP_TOKEN"], watch_s=0.01, watch=outages.append, pauses_s=(0.05, 0.3)
    )
    await intake.start()
    try:
        await eventually("both connections", lambda: len(sandbox.slack.delivery.sockets.connections), lambda n: n == 2)
        await eventually("the bot to be ready", intake.ready, bool)
        sandbox.workspace.socket_mode = False
        await sandbox.slack.delivery.sockets.disconnect("link_disabled", close_after_s=0)
        await eventually(
            "the outage", lambda: [one.cause for one in outages if one], lambda causes: causes[-5:] == [OFF] * 5
        )
        assert not await intake.ready()
        assert sum(call.what == "apps.connections.open" for call in sandbox.workspace.calls) < 100
        sandbox.workspace.socket_mode = True
        await eventually("the bot to be ready again", intake.ready, bool)
    finally:
        await intake.stop()
