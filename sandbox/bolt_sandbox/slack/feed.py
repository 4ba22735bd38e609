"""Live changes: a stream of server-sent events for each person whose view is open.

An event says that something has changed, not how: the client reads the object again. Events aren't repeated, so a
client that has lost the connection reads everything again.

    event: change   data: {"kind": …, "channel": …, "ts": …}   a message, a private answer, a modal or a Home tab
    event: calls    data: {"next": n}                          the log has grown; n is where to continue reading
    event: world    data: {}                                   the bot, its sockets, or the active faults have changed
"""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bolt_sandbox.slack.model import Change, Json, User
from bolt_sandbox.slack.workspace import Workspace

# Proxies consider a stream dead if it's silent for a long time.
SILENT_S = 15.0
# Combines a burst of changes into a few events.
TOGETHER_S = 0.03
# A client that has this many unread changes is disconnected, and reads everything again.
WAITING_MOST = 10_000


class Feed:
    """Streams the changes in a workspace."""

    def __init__(self, ws: Workspace, *, silent_s: float = SILENT_S) -> None:
        self._ws = ws
        self._silent_s = silent_s
        self._streams: set[asyncio.Task[None]] = set()

    async def stream(self, request: web.Request, user: User) -> web.StreamResponse:
        """Answer a request with the changes that a person can see, until either side disconnects."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        telling = asyncio.ensure_future(self._tell(response, user))
        self._streams.add(telling)
        try:
            await telling
        except (ConnectionError, asyncio.CancelledError):
            telling.cancel()
        finally:
            self._streams.discard(telling)
        return response

    async def close(self) -> None:
        """End all streams."""
        for stream in self._streams:
            stream.cancel()

    async def _tell(self, response: web.StreamResponse, user: User) -> None:
        changes: list[Change] = []
        stream = asyncio.current_task()

        def hear(change: Change) -> None:
            changes.append(change)
            if len(changes) > WAITING_MOST and stream is not None:
                stream.cancel()

        self._ws.listeners.append(hear)
        try:
            told = self._ws.logged
            await response.write(_event("calls", {"next": told}))
            while True:
                if not await self._something_new(changes, told):
                    await response.write(b": nothing new\n\n")
                    continue
                await asyncio.sleep(TOGETHER_S)
                batch = list(dict.fromkeys(change for change in changes if self._sees(user, change)))
                changes.clear()
                events = [_of(change) for change in batch]
                if self._ws.logged != told:
                    told = self._ws.logged
                    events.append(_event("calls", {"next": told}))
                await response.write(b"".join(events))
        finally:
            self._ws.listeners.remove(hear)

    async def _something_new(self, changes: list[Change], told: int) -> bool:
        try:
            await self._ws.until(lambda: bool(changes) or self._ws.logged != told, timeout_s=self._silent_s)
        except TimeoutError:
            return False
        return True

    def _sees(self, user: User, change: Change) -> bool:
        if change.user:
            return change.user == user.id
        channel = self._ws.channels.get(change.channel)
        return channel is None or channel.kind == "public" or user.id in channel.members


def _of(change: Change) -> bytes:
    if change.kind == "world":
        return _event("world", {})
    return _event("change", {"kind": change.kind, "channel": change.channel, "ts": change.ts})


def _event(name: str, data: Json) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
