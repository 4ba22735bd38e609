"""Requests on a connection in Socket Mode, and a connection that closes too early."""

from __future__ import annotations

import logging

import pytest
from aiohttp import web
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.slack.listener_app import ListenerApp
from bot.slack.socket_mode import SocketModeReceiver, shape_checked
from tests.slack import grid
from tests.waiting import eventually


async def test_a_connection_that_closes_before_the_acknowledgement() -> None:
    """A connection that closes before the acknowledgement is a line in the log; any other error is raised."""
    request = SocketModeRequest(type="slash_commands", envelope_id="1", payload={})
    client = SocketModeClient(app_token="xapp-sandbox")  # noqa: S106 - made up
    errors: list[Exception] = [ConnectionResetError("Cannot write to closing transport"), ValueError("something else")]

    async def handle(_client: AsyncBaseSocketModeClient, _request: SocketModeRequest) -> None:
        raise errors.pop(0)

    with capture_logs() as lines:
        await shape_checked(handle)(client, request)
    assert [line["event"] for line in lines] == ["a connection to Slack closed before an acknowledgement was sent"]
    with pytest.raises(ValueError, match="something else"):
        await shape_checked(handle)(client, request)
    await client.close()


class Faulty(ListenerApp):
    """An app that can't handle anything."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Raise."""
        raise ValueError(f"no such {req.mode}")


async def test_a_request_that_cannot_be_dealt_with_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A request that can't be handled is logged by the SDK, whose lines about failed connections are left out."""
    app = Faulty(signing_secret="", token="xoxb-1")  # noqa: S106 - made up
    intake = SocketModeReceiver(app, "xapp-sandbox", connections=1)
    client = intake._handlers[0].client
    envelope = {"type": "slash_commands", "envelope_id": "1", "payload": grid.command(grid.NATIVE["of our workspace"])}
    with caplog.at_level(logging.WARNING):
        await client.run_message_listeners(envelope, "")
        client.logger.error("Failed to connect (error: refused); Retrying...")
    assert [line.getMessage().partition(",")[0] for line in caplog.records] == [
        "Failed to run a request listener: no such socket_mode"
    ]
    await intake.stop()


NOT_SLACK = "the response isn't in Slack's format"


@pytest.mark.parametrize(
    ("status", "kind", "body", "cause"),
    [
        (502, "text/html", "<html>", "Slack didn't answer."),
        (200, "text/html", "<html>", "Slack didn't answer."),
        (200, "application/json", '{"ok": true, "url"', NOT_SLACK),
        (502, "application/json", "{", NOT_SLACK),
        (200, "application/json", "[]", NOT_SLACK),
        (200, "application/json", "null", NOT_SLACK),
        (200, "application/json", '{"ok": true}', NOT_SLACK),
        (
            200,
            "application/json",
            '{"ok": true, "url": "wss://socket.example"}',
            "apps.connections.open returned an address that isn't Slack's",
        ),
    ],
)
async def test_a_page_instead_of_an_address(status: int, kind: str, body: str, cause: str) -> None:
    """If a proxy answers in Slack's place, the cause of the outage is known."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=kind)

    app = web.Application()
    app.router.add_post("/api/apps.connections.open", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = AsyncWebClient("xoxb-1", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/api/")
    receiver = SocketModeReceiver(ListenerApp(client=client, signing_secret=""), "xapp-1", connections=1)
    try:
        await receiver.start()
        await eventually("an attempt", lambda: receiver._attempts.error is not None)
        assert receiver._why().detail.endswith(f": {cause}")
    finally:
        await receiver.stop()
        await runner.cleanup()
