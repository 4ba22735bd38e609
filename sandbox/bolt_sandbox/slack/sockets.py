"""Socket Mode: tickets, connections, envelopes and their acknowledgements.

`bolt_sandbox.slack.delivery` decides whether a payload goes through a socket or over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from aiohttp import WSMsgType, web

from bolt_sandbox.slack.model import Change, Json
from bolt_sandbox.slack.workspace import Workspace

CONNECTIONS_MOST = 10
DisconnectReason = Literal["warning", "refresh_requested", "too_many_websockets", "link_disabled"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The app's answer. `problem` is "" for an acknowledgement, or else operation_timeout or dispatch_failed."""

    problem: str
    payload: Json | None = None
    no_retry: bool = False


@dataclass(eq=False, slots=True)
class Connection:
    """One open socket. If it's `deaf`, its messages are ignored; if it's `leaving`, it gets nothing new."""

    socket: web.WebSocketResponse
    request: web.Request
    deaf: bool = False
    leaving: bool = False
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)


class Sockets:
    """The app's open sockets, ten at most. Each payload goes to a random connection."""

    def __init__(self, ws: Workspace, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._ws = ws
        self._sleep = sleep
        # The app that each ticket is for.
        self._tickets: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: list[Connection] = []
        self._of_other_app: list[Connection] = []

    def open_url(self, app_id: str = "") -> str:
        """Return a WebSocket address that works once, for our app if no other is given."""
        app_id = app_id or self._ws.app_id
        ticket = str(uuid.UUID(int=self._ws.rng.getrandbits(128)))
        self._tickets[ticket] = app_id
        query = urlencode({"ticket": ticket, "app_id": app_id})
        return f"{self._ws.address('/socket').replace('http', 'ws', 1)}?{query}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from handshake to end."""
        app_id = self._tickets.pop(request.query.get("ticket", ""), None)
        if app_id is None:
            return web.Response(status=401, text="invalid ticket")
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        if refusal := self._refusal():
            await socket.send_json(self._disconnect_message(refusal))
            await socket.close()
            return socket
        # Nothing is sent over the other app's sockets.
        mine = self.connections if app_id == self._ws.app_id else self._of_other_app
        mine.append(connection)
        self._count("opened")
        try:
            await socket.send_json(self._hello(app_id, len(mine)))
            await self._listen(connection)
        except ConnectionError:
            pass  # The app has disconnected: the same as a close.
        finally:
            self._forget(connection)
        return socket

    def _refusal(self) -> DisconnectReason | None:
        """Return why no more connections are accepted, or None if more are."""
        if not self._ws.socket_mode:
            return "link_disabled"
        return "too_many_websockets" if len(self.connections) >= CONNECTIONS_MOST else None

    def _forget(self, connection: Connection) -> None:
        for connections in (self.connections, self._of_other_app):
            if connection in connections:
                connections.remove(connection)
                self._count("closed")

    def _hello(self, app_id: str, connections: int) -> Json:
        return {
            "type": "hello",
            "num_connections": connections,
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": app_id},
        }

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.deaf:
                continue
            if message.type is WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._acknowledge(connection, message.data)

    def _acknowledge(self, connection: Connection, text: str) -> None:
        try:
            message: Any = json.loads(text)
        except ValueError:
            message = None
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        future = connection.waiting.pop(str(envelope_id), None)
        if future is None or future.done():
            self._ws.log("ack", "from_app", "late or unknown", envelope_id=str(envelope_id))
            return
        payload = message.get("payload")
        future.set_result(payload if isinstance(payload, dict) else None)

    def _count(self, what: Literal["opened", "closed"]) -> None:
        self._ws.log("socket", "from_app", what, connections=len(self.connections))
        self._ws.tell(Change("world", "", ""))

    async def send(
        self, kind: str, payload: Json, *, answerable: bool, timeout_s: float, retry: tuple[int, str]
    ) -> Answer:
        """Send an envelope to one of the connections and wait for its acknowledgement."""
        open_ones = [each for each in self.connections if not each.leaving]
        if not open_ones:
            return Answer("dispatch_failed")
        connection = self._ws.rng.choice(open_ones)
        envelope_id = str(uuid.UUID(int=self._ws.rng.getrandbits(128)))
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": answerable,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0], "retry_reason": retry[1]}
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = future
        try:
            async with asyncio.timeout(timeout_s):
                await connection.socket.send_json(envelope)
                answer = await future
        except (TimeoutError, ConnectionError):
            return Answer("operation_timeout")
        finally:
            connection.waiting.pop(envelope_id, None)
        return Answer("", answer if answerable else None)

    def _disconnect_message(self, reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}

    async def disconnect(self, reason: DisconnectReason, *, close_after_s: float = 10.0) -> int:
        """Announce the disconnect on every connection, and close it later. Returns the number of connections."""
        told = [each for each in self.connections if not each.leaving]
        for connection in told:
            connection.leaving = True
            await connection.socket.send_json(self._disconnect_message(reason))
            task = asyncio.create_task(self._close_later(connection, close_after_s))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(told)

    async def _close_later(self, connection: Connection, after_s: float) -> None:
        await self._sleep(after_s)
        await connection.socket.close()

    def drop(self) -> int:
        """Abort every connection without notice. Returns how many there were."""
        dropped = list(self.connections)
        for connection in dropped:
            self._forget(connection)
            if connection.request.transport is not None:
                connection.request.transport.abort()
        return len(dropped)

    def deafen(self) -> int:
        """Make every connection deaf: it stays open, but acknowledgements and pings are ignored."""
        for connection in self.connections:
            connection.deaf = True
        return len(self.connections)

    async def close(self) -> None:
        """Close all connections from the sandbox's side."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in [*self.connections, *self._of_other_app]:
            await connection.socket.close()
