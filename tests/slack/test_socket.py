"""What a connection brings, where it closes too early."""

from __future__ import annotations

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from structlog.testing import capture_logs

from bot.slack.socket import bearing


async def test_a_connection_that_closes_before_the_acknowledgement() -> None:
    """That its answer is lost is a line in the log, and no fault; any other error is one."""
    request = SocketModeRequest(type="slash_commands", envelope_id="1", payload={})
    client = SocketModeClient(app_token="xapp-sandbox")  # noqa: S106 - made up
    errors: list[Exception] = [ConnectionResetError("Cannot write to closing transport"), ValueError("something else")]

    async def handle(_client: AsyncBaseSocketModeClient, _request: SocketModeRequest) -> None:
        raise errors.pop(0)

    with capture_logs() as lines:
        await bearing(handle)(client, request)
    assert [line["event"] for line in lines] == ["a connection to Slack closed before an acknowledgement was sent"]
    with pytest.raises(ValueError, match="something else"):
        await bearing(handle)(client, request)
    await client.close()
