"""Slack over HTTP: what is not Slack's, or not understood, is refused here, and never ends as a fault of ours."""

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
# A clock that is further off than this from the one in Slack's Date header is the reason, not a slow network.
CLOCK_MOST_S = 60


class SigningTime(Clock):
    """The time at which a request says it was signed: by this clock it is never too old."""

    def __init__(self, timestamp: str) -> None:
        self._timestamp = timestamp

    def now(self) -> float:
        """Seconds since 1970. Raises ValueError if the timestamp is not a number."""
        return int(self._timestamp)


def http_handler(
    app: AsyncApp, signing_secret: str, clock_off_s: Callable[[], float | None] = lambda: None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of /slack/events: commands, interactivity, options and events. 401 without Slack's signature, 400 for no request.

    `clock_off_s` says by how many seconds our clock is ahead of Slack's, as far as that's known.
    """
    verifier = SignatureVerifier(signing_secret)
    refused = RareWarning(
        "requests without Slack's signature were refused: check SLACK_SIGNING_SECRET if they are Slack's"
    )
    late = RareWarning(
        "requests with Slack's signature were refused: they are older than five minutes, or sent again by a stranger"
    )
    clock = RareWarning("requests from Slack were refused because this machine's clock is wrong: set it by NTP")

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
        # Verified and read already, as a socket's is: slack_bolt would read a command that says "payload" as an empty one.
        return await to_aiohttp_response(await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode")))

    return handle


def _is_valid(verifier: SignatureVerifier, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the signature is right and recent by the verifier's clock."""
    try:
        return verifier.is_valid(raw, headers.get(TIMESTAMP), headers.get(SIGNATURE))
    except (ValueError, TypeError, OverflowError):
        # A timestamp that is not a number or a huge one, a body that is not UTF-8, a signature that is not ASCII.
        return False


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
