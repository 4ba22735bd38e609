"""Strikes: a replica's calls to Slack or Bolt that go wrong at exactly the point that the plan names.

A middleware in front of the sandbox's handlers makes the calls go wrong. The middleware recognizes a replica by
the port that the replica calls.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from tests.chaos.plan import Strike
from tests.chaos.seen import Struck

HANG_S = 3.0
# Above both timeouts of the replicas, and below the time after which a lost post is looked for.
LATE_S = 1.05
SLOW_S = 0.3
OPERATIONS = {
    "triggerBoltRun": "trigger",
    "cancelBoltRun": "cancel",
    "retryBoltRun": "retry",
    "boltRunStatus": "status",
    "listBoltRuns": "runs",
    "listBoltSchedules": "schedules",
    "boltCommandLogs": "log",
    "boltCommand": "log",
}
UNLISTED = {"schedules", "runs", "status"}
METHODS = {
    "chat.update": "update",
    "files.completeUploadExternal": "share",
    "conversations.history": "read",
    "conversations.replies": "read",
}
GRAPHQL_FIELD = re.compile(r"\b(" + "|".join(OPERATIONS) + r")\b")
# The address at which the calling replica reaches Slack, for the URLs in the response.
OWN_ADDRESS: ContextVar[str] = ContextVar("OWN_ADDRESS", default="")
# The token of the response_url that's being used.
OWN_TOKEN: ContextVar[str] = ContextVar("OWN_TOKEN", default="")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Kill = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Call:
    """A call, the targets that it fits, and what it's about: a message's key, a start's reason, a run."""

    replica: int
    targets: tuple[str, ...]
    about: str = ""

    @property
    def target(self) -> str:
        """The most specific of its targets."""
        return self.targets[0]


@dataclass(slots=True)
class Armed:
    """A strike that's waiting for its calls."""

    strike: Strike
    left: int


@dataclass(slots=True)
class Striker:
    """Strikes calls; it knows which replica calls from which port."""

    kill: Kill
    ports: dict[int, int] = field(default_factory=dict)
    armed: list[Armed] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)
    # While it's above 0, Bolt lists nothing.
    blind: int = 0

    def arm(self, strike: Strike) -> None:
        """Strike the next calls that match."""
        self.armed.append(Armed(strike, strike.count))

    def disarm(self) -> None:
        """Strike no more calls."""
        self.armed.clear()

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The middleware."""
        port = _port(request)
        OWN_ADDRESS.set(f"http://127.0.0.1:{port}" if port in self.ports else "")
        # Requests on one connection share a context, so this has to be set for each of them.
        OWN_TOKEN.set(request.path.partition("/response/")[2])
        try:
            # Read the whole body, so that a call whose replica has ended can still take effect.
            raw = await request.read() if port in self.ports else b""
        except ConnectionError:
            # The replica ended while sending it.
            return web.Response(status=400)
        call = _read(request, raw, self.ports[port]) if port in self.ports else None
        if call is None:
            return await handler(request)
        if call.target == "cancel" and call.about:
            self.cancelled.add(int(call.about))
        if self.blind and call.target in UNLISTED:
            return _faulty("error_502", request)
        strike = self._take(call)
        if strike is None:
            return await handler(request)
        return await self._go_wrong(strike, call, request, handler)

    def _take(self, call: Call) -> Strike | None:
        for armed in self.armed:
            if armed.strike.target in call.targets:
                armed.left -= 1
                if armed.left <= 0:
                    self.armed.remove(armed)
                return armed.strike
        return None

    async def _go_wrong(self, strike: Strike, call: Call, request: web.Request, handler: Handler) -> web.StreamResponse:
        how = strike.how
        executes = how.endswith("_after") or how in {"late", "slow"}
        self.struck.append(Struck(time.time(), call.replica, call.target, how, executes, call.about))
        if how.startswith("kill"):
            return await self._kill(strike, call, request, handler)
        if how in {"late", "slow"}:
            await asyncio.sleep(LATE_S if how == "late" else SLOW_S)
        answer = await handler(request) if executes else web.Response(status=500)
        if how in {"late", "slow"}:
            return answer
        if how.startswith("hang"):
            await asyncio.sleep(HANG_S)
            return answer
        return _faulty(how, request)

    async def _kill(self, strike: Strike, call: Call, request: web.Request, handler: Handler) -> web.StreamResponse:
        if strike.how == "kill_after":
            await handler(request)
        self.kill(call.replica, strike.restart)
        return _cut(request)


def _faulty(how: str, request: web.Request) -> web.StreamResponse:
    if how == "throttled":
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"})
    if how.startswith("error"):
        return web.Response(status=int(how.split("_")[1]), text="Bad Gateway")
    if how.startswith("not_json"):
        return web.Response(text="<!doctype html><title>One moment, please</title>", content_type="text/html")
    return _cut(request)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _port(request: web.Request) -> int:
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return int(name[1]) if name else 0


def _read(request: web.Request, raw: bytes, replica: int) -> Call | None:
    """The call that a request makes, or None if it can't be struck."""
    if request.path.endswith("/graphql"):
        return _graphql(replica, raw)
    if "/response/" in request.path:
        return Call(replica, ("respond",), request.path.partition("/response/")[2])
    method = request.path.rpartition("/")[2]
    if method == "chat.postMessage":
        key = _key(request, raw)
        kind = key.partition(":")[0]
        return Call(replica, (f"post:{kind}", "post"), key)
    return Call(replica, (METHODS[method],)) if method in METHODS else None


def _graphql(replica: int, raw: bytes) -> Call | None:
    body = _json(raw)
    fields = GRAPHQL_FIELD.findall(str(body.get("query", "")))
    if not fields:
        return None
    target = OPERATIONS[fields[0]]
    variables = body.get("variables") or {}
    if target == "trigger":
        return Call(replica, (target,), str(variables.get("reason", "")).partition(" - ")[0])
    return Call(replica, (target,), str(variables.get("id", "")) if target in {"cancel", "retry"} else "")


def _key(request: web.Request, raw: bytes) -> str:
    metadata: Any
    if request.content_type == "application/json":
        metadata = _json(raw).get("metadata")
    else:
        metadata = (parse_qs(raw.decode()).get("metadata") or [""])[0]
    if isinstance(metadata, str):
        metadata = _json(metadata.encode())
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return str(payload.get("key", "")) if isinstance(payload, dict) else ""


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
