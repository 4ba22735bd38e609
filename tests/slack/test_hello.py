"""Slack's greeting on a connection in Socket Mode."""

from __future__ import annotations

import pytest
from aiohttp import web

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack.faults import Fault
from bot.core.model.errors import SlackNotSent
from bot.slack.hello import ConnectionEndedError, Hello, read_hello


async def test_the_greeting_is_read_and_the_connection_closed(sandbox: Sandbox) -> None:
    """The greeting has the app's id and Slack's count of connections, and the connection is closed after it."""
    sockets, api = sandbox.slack.delivery.sockets, sandbox.env()["SLACK_API_URL"]
    assert await read_hello(sockets.open_url(), api) == Hello(sandbox.workspace.app_id, 1)
    assert await read_hello(sockets.open_url("A0OTHER"), api) == Hello("A0OTHER", 1)
    assert await read_hello(sockets.open_url(), api) == Hello(sandbox.workspace.app_id, 1)


async def test_slack_that_ends_the_connection(sandbox: Sandbox) -> None:
    """If Slack ends the connection, its reason is kept."""
    sandbox.workspace.socket_mode = False
    with pytest.raises(ConnectionEndedError) as caught:
        await read_hello(sandbox.slack.delivery.sockets.open_url(), sandbox.env()["SLACK_API_URL"])
    assert caught.value.reason == "link_disabled"


@pytest.mark.parametrize("kind", ["cut", "used", "foreign"])
async def test_a_connection_that_cannot_be_made(kind: str, sandbox: Sandbox) -> None:
    """If no connection can be made, the error names the host, and a foreign address isn't opened."""
    url = sandbox.slack.delivery.sockets.open_url()
    if kind == "cut":
        sandbox.workspace.faults.add(Fault("drop_before", "socket", count=None))
    elif kind == "used":
        await read_hello(url, sandbox.env()["SLACK_API_URL"])
    else:
        url = "wss://example.com/link"
    with pytest.raises(SlackNotSent) as caught:
        await read_hello(url, sandbox.env()["SLACK_API_URL"])
    assert ("isn't Slack's" if kind == "foreign" else "127.0.0.1:") in caught.value.detail


@pytest.mark.parametrize("text", ['{"type": "hello"}', "[]", "no JSON", None])
async def test_what_is_no_greeting(text: str | None) -> None:
    """A greeting from something that isn't Slack is reported as the cause."""

    async def greet(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if text is not None:
            await socket.send_str(text)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", greet)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"127.0.0.1:{runner.addresses[0][1]}/"
    with pytest.raises(SlackNotSent, match="can't reach Slack") as caught:
        await read_hello(f"ws://{address}", f"http://{address}")
    await runner.cleanup()
    assert "didn't begin with hello" in caught.value.detail
