"""Webhooks: who can send them, and that each one is treated only as a hint.

The effects of a hint are tested in tests/flows/test_webhook_hints.py.
"""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from bot.core.model.errors import StoreUnavailable
from bot.core.model.webhook_payload import WebhookHint
from bot.web.server import BODY_MOST, ListenAddress, WebServer
from bot.web.webhooks import Webhooks

SIGNING = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()
PLAIN = "a-plain-secret-of-some-length"
BODY = b'{"run_id": 7}'


@dataclass(slots=True)
class Stage:
    """A server with one secret for webhooks, and the hints that it has taken."""

    secret: str
    taken: list[WebhookHint] = field(default_factory=list)
    away: bool = False
    server: WebServer = field(init=False)

    async def take(self, hint: WebhookHint) -> None:
        """Take a hint, unless Redis is away."""
        if self.away:
            raise StoreUnavailable
        self.taken.append(hint)

    async def start(self, *, ready: bool = True) -> Stage:
        """Start the server."""

        async def fine() -> list[str]:
            return []

        self.server = WebServer(fine)
        if ready and self.secret:
            self.server.webhooks = Webhooks(self.secret, self.take).handle
        await self.server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False, webhooks=bool(self.secret))
        return self

    async def post(self, body: bytes | io.BytesIO = BODY, headers: dict[str, str] | None = None, path: str = "") -> int:
        """The status of a post."""
        url = f"http://127.0.0.1:{self.server.port}/paradime/webhooks{path}"
        async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status


@pytest.fixture
async def signing() -> AsyncIterator[Stage]:
    """A server that requires signatures."""
    stage = await Stage(SIGNING).start()
    yield stage
    await stage.server.stop()


@pytest.fixture
async def plain() -> AsyncIterator[Stage]:
    """A server that requires a plain secret."""
    stage = await Stage(PLAIN).start()
    yield stage
    await stage.server.stop()


def signed(
    body: bytes = BODY, *, at: datetime | None = None, prefix: str = "webhook", secret: str = SIGNING
) -> dict[str, str]:
    """The headers of a signed post."""
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", at, body.decode())
    return {
        f"{prefix}-id": "msg_1",
        f"{prefix}-timestamp": str(int(at.timestamp())),
        f"{prefix}-signature": signature,
    }


@pytest.mark.parametrize("prefix", ["webhook", "svix"])
async def test_a_signed_hint_is_taken(signing: Stage, prefix: str) -> None:
    """A signed hint is accepted with the standard's headers and Svix's, and with several signatures in a header."""
    assert await signing.post(headers=signed(prefix=prefix)) == 202
    both = signed(prefix=prefix)
    both[f"{prefix}-signature"] = f"v1,bm9wZQ== v2,x {both[f'{prefix}-signature']}"
    assert await signing.post(headers=both) == 202
    assert signing.taken == [WebhookHint((7,))] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,!!!"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1e400"},
        {"webhook-timestamp": "nan"},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
    ],
)
async def test_what_is_not_signed_is_refused(signing: Stage, change: dict[str, str]) -> None:
    """Malformed signatures get 401, and nothing is done."""
    assert await signing.post(headers=signed() | change) == 401
    assert signing.taken == []


async def test_an_old_or_foreign_signature_is_refused(signing: Stage) -> None:
    """Old and foreign signatures, the secret in place of a signature, and changed bodies are refused."""
    other = "whsec_" + base64.b64encode(b"another-secret-of-16").decode()
    ago = datetime.now(UTC) - timedelta(minutes=6)
    for headers in ({}, signed(at=ago), signed(secret=other), {"X-Webhook-Secret": SIGNING}, signed(b"{}")):
        assert await signing.post(headers=headers) == 401
    assert await signing.post(b"\xff\xfe", headers=signed()) == 401
    assert await signing.post(path=f"/{SIGNING}") == 401
    assert signing.taken == []


async def test_a_plain_secret_is_shown_in_path_or_header(plain: Stage) -> None:
    """A plain secret is accepted in the path or in either header; a similar value isn't."""
    assert await plain.post(path=f"/{PLAIN}") == 202
    assert await plain.post(headers={"X-Webhook-Secret": PLAIN}) == 202
    assert await plain.post(headers={"Authorization": f"Bearer {PLAIN}"}) == 202
    for headers, path in (
        ({}, ""),
        ({}, "/nope"),
        ({"X-Webhook-Secret": f"{PLAIN}x"}, ""),
        ({"Authorization": PLAIN}, ""),
    ):
        assert await plain.post(headers=headers, path=path) == 401
    assert await plain.post(headers=signed()) == 401
    assert len(plain.taken) == 3


async def test_what_is_not_understood_changes_nothing(plain: Stage) -> None:
    """Bodies that aren't JSON objects get 400, objects without a run are accepted, and large bodies get 413."""
    key = {"X-Webhook-Secret": PLAIN}
    for body in (b"", b"nope", b"[1]", b"[" * 100_000, b"\xff"):
        assert await plain.post(body, headers=key) == 400
    assert plain.taken == []
    assert await plain.post(b"{}", headers=key) == 202
    assert plain.taken == [WebhookHint()]
    assert await plain.post(io.BytesIO(b" " * (BODY_MOST + 1)), headers=key) == 413


async def test_a_sender_may_try_again_while_redis_is_away(plain: Stage) -> None:
    """While Redis is away, a webhook gets 503, so that its sender can try again."""
    plain.away = True
    assert await plain.post(headers={"X-Webhook-Secret": PLAIN}) == 503


async def test_without_a_secret_there_is_no_webhook() -> None:
    """Webhooks get 404 without a secret, like any unknown address, and 503 until the bot is ready."""
    none, early = await Stage("").start(), await Stage(PLAIN).start(ready=False)
    try:
        assert await none.post() == 404
        assert await none.post(path="/x") == 404
        assert await early.post(headers={"X-Webhook-Secret": PLAIN}) == 503
    finally:
        await none.server.stop()
        await early.server.stop()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(body=st.binary(max_size=200), name=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
async def test_no_post_is_a_fault_of_ours(plain: Stage, body: bytes, name: str) -> None:
    """Any post gets 202, 400 or 401."""
    assert await plain.post(body, headers={"X-Webhook-Secret": PLAIN}) in {202, 400}
    assert await plain.post(body, headers={"X-Webhook-Secret": name, "Authorization": name}) in {401, 202}
