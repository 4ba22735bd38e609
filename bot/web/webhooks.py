"""Bolt's webhooks: hints that something has happened to a run. Requests without the secret are refused.

`bot.core.model.webhook_payload` reads the ids, and `bot.flows.webhook_hints` decides what to poll.
"""

from __future__ import annotations

import binascii
import hmac
import json
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import Counter
from standardwebhooks import Webhook, WebhookVerificationError

from bot.core.model.errors import StoreUnavailable
from bot.core.model.webhook_payload import WebhookHint, read_hint
from bot.logging import RareWarning

HINTS = Counter(
    "bolt_bot_hints", "Webhook requests, by outcome (taken, empty, refused, unreadable, away).", ("outcome",)
)

SIGNING_PREFIX = "whsec_"
SECRET_HEADER = "X-Webhook-Secret"  # noqa: S105  # pragma: allowlist secret - its name, not its value
PREFIXES = ("webhook", "svix")
SIGNED_HEADERS = ("id", "timestamp", "signature")

Take = Callable[[WebhookHint], Awaitable[None]]


class Webhooks:
    """Handles /paradime/webhooks.

    A secret of the form `whsec_…` verifies signed posts (Standard Webhooks, or the same with Svix's header names). Any
    other secret is expected in the path (/paradime/webhooks/<secret>), in X-Webhook-Secret, or as a bearer token.
    """

    def __init__(self, secret: str, take: Take) -> None:
        self._secret = secret
        self._take = take
        self._signed = Webhook(secret) if secret.startswith(SIGNING_PREFIX) else None
        self._refused = RareWarning(
            "webhooks without the secret were refused: check PARADIME_WEBHOOK_SECRET if they came from Bolt"
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Handle a post. 202: accepted; 401: no secret; 400: not a JSON object; 503: Redis is unavailable."""
        raw = await request.read()
        if not self._authentic(request, raw):
            HINTS.labels("refused").inc()
            self._refused.note()
            return web.Response(status=401)
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return _answer(400, "unreadable", "The body isn't a JSON object.")
        hint = read_hint(body)
        try:
            await self._take(hint)
        except StoreUnavailable:
            return _answer(503, "away", "Try again later.")
        return _answer(202, "taken" if hint != WebhookHint() else "empty", "Noted.")

    def _authentic(self, request: web.Request, raw: bytes) -> bool:
        if self._signed is not None:
            return _verified(self._signed, request, raw)
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        shown = (
            request.match_info.get("secret", ""),
            request.headers.get(SECRET_HEADER, ""),
            token.strip() if kind.lower() == "bearer" else "",
        )
        return any(hmac.compare_digest(one.encode(errors="replace"), self._secret.encode()) for one in shown)


def _verified(signed: Webhook, request: web.Request, raw: bytes) -> bool:
    for prefix in PREFIXES:
        headers = {f"webhook-{name}": request.headers.get(f"{prefix}-{name}", "") for name in SIGNED_HEADERS}
        try:
            signed.verify(raw, headers, json_parse=False)
        except (WebhookVerificationError, ValueError, binascii.Error, TypeError, OverflowError):
            continue
        return True
    return False


def _answer(status: int, outcome: str, text: str) -> web.Response:
    HINTS.labels(outcome).inc()
    return web.Response(status=status, text=f"{text}\n")
