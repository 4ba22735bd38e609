"""Slack over HTTP: what is not Slack's, or not understood, is refused here, and never ends as a fault of ours."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

log = structlog.get_logger()

JSON_FIELDS = ("payload",)


def handler(app: AsyncApp, signing_secret: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of /slack/events: commands, interactivity, options and events."""
    verifier = SignatureVerifier(signing_secret)

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not _signed(verifier, raw, headers):
            return web.Response(status=401, text="The signature is missing, wrong or old.\n")
        text = _understood(raw, headers.get("content-type", ""))
        if text is None:
            return web.Response(status=400, text="That is not a request of Slack's.\n")
        try:
            bolt_request = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
            return await to_aiohttp_response(await app.async_dispatch(bolt_request))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # Signed, but of no shape that slack_bolt knows.
            log.warning("a request of Slack's is not understood", why=type(error).__name__)
            return web.Response(status=400, text="That request is not understood.\n")

    return handle


def _signed(verifier: SignatureVerifier, raw: bytes, headers: dict[str, str]) -> bool:
    """Whether Slack signed these bytes within the last five minutes. A timestamp that is no number is no signature."""
    timestamp = headers.get("x-slack-request-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal()):
        return False
    try:
        return bool(verifier.is_valid_request(raw, headers))
    except (ValueError, TypeError, UnicodeDecodeError, OverflowError):
        return False


def _understood(raw: bytes, content_type: str) -> str | None:
    """The body as text, None where it is not what its type says."""
    try:
        text = raw.decode()
        if content_type.startswith("application/json"):
            return text if isinstance(json.loads(text), dict) else None
        for name in JSON_FIELDS:
            for value in parse_qs(text).get(name, []):
                if not isinstance(json.loads(value), dict):
                    return None
    except (ValueError, RecursionError):
        return None
    return text
