"""Open one connection in Socket Mode to read Slack's `hello`, and close it at once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.core.model.errors import SlackNotSent
from bot.network_failure import through
from bot.proxies import proxy_for
from bot.slack.addresses import SlackAddresses
from bot.slack.errors import cause_of
from bot.tls import tls

METHOD = "socket"
HELLO_S = 5.0


@dataclass(frozen=True, slots=True)
class Hello:
    """Slack's greeting: the app's id, and how many connections the app has, this one included."""

    app: str
    connections: int


class ConnectionEndedError(Exception):
    """Slack ended the connection instead of greeting. `reason` is Slack's own word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack ended the connection ({reason})")
        self.reason = reason


async def read_hello(url: str, api_url: str, *, within_s: float = HELLO_S) -> Hello:
    """Read `hello` from an address of apps.connections.open, which works once.

    Slack may send a request over any connection, including this one, so it's kept open as briefly as possible. Raises
    ConnectionEndedError if Slack ends the connection, and SlackNotSent if no connection can be made.
    """
    if not SlackAddresses(api_url).allows_socket(url):
        raise SlackNotSent(METHOD, cause="apps.connections.open returned an address that isn't Slack's")
    where = through(url)
    try:
        async with (
            asyncio.timeout(within_s),
            aiohttp.ClientSession() as session,
            session.ws_connect(url, proxy=proxy_for(url), ssl=tls()) as socket,
        ):
            message = await socket.receive()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackNotSent(METHOD, cause=cause_of(error), where=where) from error
    try:
        return _read(json.loads(message.data))
    except (ValueError, TypeError, LookupError) as error:
        raise SlackNotSent(
            METHOD, cause="the connection was closed, or didn't begin with hello", where=where
        ) from error


def _read(message: dict[str, Any]) -> Hello:
    if message["type"] == "disconnect":
        raise ConnectionEndedError(str(message["reason"]))
    return Hello(str(message["connection_info"]["app_id"]), int(message["num_connections"]))
