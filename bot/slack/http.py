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

from bot.logging import Seldom
from bot.slack.intake import unreadable
from bot.slack.shapes import fits

log = structlog.get_logger()

# As Slack says (docs.slack.dev, verifying requests from Slack).
OLDEST_S = 300
TIMESTAMP_DIGITS = 12


def handler(app: AsyncApp, signing_secret: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of /slack/events: commands, interactivity, options and events. 401 without Slack's signature, 400 for no request."""
    secret = signing_secret.encode()
    refused = Seldom("requests without Slack's signature were refused: check SLACK_SIGNING_SECRET if they are Slack's")

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not _signed(secret, raw, request.headers):
            refused.note()
            return web.Response(status=401)
        body = _read(raw, request.headers.get("Content-Type", ""))
        if not fits(body):
            log.warning("a request of Slack's is not understood")
            shown = unreadable(body)
            return web.Response(status=400) if shown is None else web.json_response(shown)
        # Verified and read already, as a socket's is: slack_bolt would read a command that says "payload" as an empty one.
        return await to_aiohttp_response(await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode")))

    return handle


def _signed(secret: bytes, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack signed these bytes within the last five minutes. A timestamp that is no number is no signature."""
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= TIMESTAMP_DIGITS):
        return False
    if abs(time.time() - int(timestamp)) > OLDEST_S:
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
