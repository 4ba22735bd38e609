"""Connections that Slack ends instead of greeting: the reasons, and the pauses before the next one.

The SDK asks for a new address at once, whatever the reason: with Socket Mode off, that would be hundreds of calls a
second.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from aiohttp import WSMessage

CAUSES = {
    "link_disabled": "Socket Mode is off in the app's settings",
    "too_many_websockets": "the app already has ten connections, the most that Slack allows",
}
PAUSES_S = (5.0, 15.0, 30.0)
# Greetings and disconnects are shorter than this; longer messages are people's requests, not worth parsing twice.
SHORT = 1000


class RefusedConnections:
    """How often in a row, and why, Slack has ended one client's connections. `stopping` ends the wait.

    `cause` is Slack's reason; it's empty after a greeting.
    """

    def __init__(self, stopping: asyncio.Event, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self.cause = ""
        self._stopping = stopping
        self._pauses_s = pauses_s
        self._times = 0

    @property
    def pause_s(self) -> float:
        """Return how long to wait before the next connection."""
        return self._pauses_s[min(self._times, len(self._pauses_s)) - 1] if self._times else 0.0

    async def hear(self, message: WSMessage) -> None:
        """Note a message received on a connection."""
        if isinstance(message.data, str) and len(message.data) < SHORT:
            try:
                told = json.loads(message.data)
            except ValueError:
                return
            if isinstance(told, dict):
                self.note(str(told.get("type")), str(told.get("reason")))

    def note(self, kind: str, reason: str = "") -> None:
        """Note a message's type, and a disconnect's reason. Slack also replaces healthy connections."""
        if kind == "hello":
            self.cause, self._times = "", 0
        elif kind == "disconnect" and reason in CAUSES:
            self.cause = CAUSES[reason]
            self._times += 1

    async def wait(self) -> None:
        """Wait until the next connection may be tried. Raises ConnectionError if the bot stops."""
        if not self.pause_s:
            return
        try:
            async with asyncio.timeout(self.pause_s):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise ConnectionError("the bot is stopping")
