"""Slack over HTTP: what is not Slack's, or not understood, is refused here, and never ends as a fault of ours."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.logging import RareWarning
from bot.slack.listener_app import unreadable
from bot.slack.payload_shapes import has_known_shape

log = structlog.get_logger()

# As Slack says (docs.slack.dev, verifying requests from Slack).
OLDEST_S = 300
TIMESTAMP = "X-Slack-Request-Timestamp"
# A clock that is further off than this from the one in Slack's Date header is the reason, not a slow network.
CLOCK_MOST_S = 60
TIMESTAMP_DIGITS = 12


def http_handler(
    app: AsyncApp, signing_secret: str, clock_off_s: Callable[[], float | None] = lambda: None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of /slack/events: commands, interactivity, options and events. 401 without Slack's signature, 400 for no request.

    `clock_off_s` says by how many seconds our clock is ahead of Slack's, as far as that's known.
    """
    secret = signing_secret.encode()
    refused = RareWarning(
        "requests without Slack's signature were refused: check SLACK_SIGNING_SECRET if they are Slack's"
    )
    late = RareWarning(
        "requests with Slack's signature were refused: they are older than five minutes, or sent again by a stranger"
    )
    clock = RareWarning("requests from Slack were refused because this machine's clock is wrong: set it by NTP")

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not _signed(secret, raw, request.headers):
            refused.note()
            return web.Response(status=401)
        if abs(time.time() - int(request.headers[TIMESTAMP])) > OLDEST_S:
            ahead_s = clock_off_s()
            if ahead_s is not None and abs(ahead_s) > CLOCK_MOST_S:
                clock.note(ahead_of_slack_s=round(ahead_s))
            else:
                late.note()
            return web.Response(status=401)
        body = _read(raw, request.headers.get("Content-Type", ""))
        if not has_known_shape(body):
            log.warning("a request from Slack wasn't understood")
            shown = unreadable(body)
            return web.Response(status=400) if shown is None else web.json_response(shown)
        # Verified and read already, as a socket's is: slack_bolt would read a command that says "payload" as an empty one.
        return await to_aiohttp_response(await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode")))

    return handle


def _signed(secret: bytes, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack signed these bytes, whenever that was. A timestamp that is no number is no signature."""
    timestamp = headers.get(TIMESTAMP, "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= TIMESTAMP_DIGITS):
        return False
    digest = hmac.new(secret, b":".join((b"v0", timestamp.encode(), raw)), hashlib.sha256).hexdigest()
    shown = headers.get("X-Slack-Signature", "")
    return hmac.compare_digest(f"v0={digest}".encode(), shown.encode(errors="replace"))


def _read(raw: bytes, content_type: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """An event, the fields of a command, or what stands in the field `payload`; None where it is not what its type says."""
    try:
        text = raw.decode()
        if content_type.startswith("application/json"):
            return json.loads(text)
        fields = dict(parse_qsl(text, keep_blank_values=True))
        return json.loads(fields["payload"]) if "payload" in fields else fields
    except (ValueError, RecursionError):
        return None
