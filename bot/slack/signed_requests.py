"""Handle Slack over HTTP. Foreign and malformed requests are refused here, and never cause an internal error.

`bot.web.server` listens and has the route.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock, SignatureVerifier

from bot.logging import RareWarning
from bot.slack.listener_app import unreadable
from bot.slack.payload_shapes import has_known_shape

log = structlog.get_logger()

TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
# A larger difference from the clock in Slack's Date header explains a late signature; a slow network doesn't.
CLOCK_MOST_S = 60


class SigningTime(Clock):
    """A clock that is fixed at the time in a request's signature, so that the signature is never too old."""

    def __init__(self, timestamp: str) -> None:
        self._timestamp = timestamp

    def now(self) -> float:
        """Return seconds since 1970. Raises ValueError if the timestamp isn't a number."""
        return int(self._timestamp)


def http_handler(
    app: AsyncApp, signing_secret: str, clock_off_s: Callable[[], float | None] = lambda: None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of /slack/events: commands, interactivity, options and events.

    The handler answers 401 without Slack's signature, and 400 to a malformed request. `clock_off_s` returns how many
    seconds our clock is ahead of Slack's, or None if that isn't known.
    """
    verifier = SignatureVerifier(signing_secret)
    refused = RareWarning(
        "requests without Slack's signature were refused: check SLACK_SIGNING_SECRET if they came from Slack"
    )
    late = RareWarning(
        "requests with Slack's signature were refused because they're older than five minutes: delayed, or replayed by someone else"
    )
    clock = RareWarning(
        "requests from Slack were refused because this machine's clock is wrong: synchronize it with NTP"
    )

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not _is_valid(verifier, raw, request.headers):
            at_its_time = SignatureVerifier(signing_secret, SigningTime(request.headers.get(TIMESTAMP, "")))
            ahead_s = clock_off_s()
            if not _is_valid(at_its_time, raw, request.headers):
                refused.note()
            elif ahead_s is not None and abs(ahead_s) > CLOCK_MOST_S:
                clock.note(ahead_of_slack_s=round(ahead_s))
            else:
                late.note()
            return web.Response(status=401)
        body = _read(raw, request.headers.get("Content-Type", ""))
        if not has_known_shape(body):
            log.warning("a request from Slack wasn't understood")
            shown = unreadable(body)
            return web.Response(status=400) if shown is None else web.json_response(shown)
        # Already verified and parsed, like a request from a socket: slack_bolt would misread a command whose text
        # contains "payload" as an empty one.
        return await to_aiohttp_response(await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode")))

    return handle


def _is_valid(verifier: SignatureVerifier, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the signature is correct, and recent by the verifier's clock."""
    try:
        return verifier.is_valid(raw, headers.get(TIMESTAMP), headers.get(SIGNATURE))
    except (ValueError, TypeError, OverflowError):
        # A timestamp that isn't a number or is too large, a body that isn't UTF-8, a signature that isn't ASCII.
        return False


def _read(raw: bytes, content_type: str) -> Any:  # noqa: ANN401 - any JSON
    """Parse an event, the fields of a command, or the field `payload`.

    Returns None if the body doesn't match its type.
    """
    try:
        text = raw.decode()
        if content_type.startswith("application/json"):
            return json.loads(text)
        fields = dict(parse_qsl(text, keep_blank_values=True))
        return json.loads(fields["payload"]) if "payload" in fields else fields
    except (ValueError, RecursionError):
        return None
