"""Bolt's webhooks with any bodies and headers: taken, or refused with a status. Nothing is done without the secret."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tests.web.test_webhooks import PLAIN, SIGNING, Stage

NAMES = ("run_id", "runId", "schedule_run_id", "boltRunId", "commands", "id", "event", "data", "run")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=30,
)
# Headers that aiohttp's client is willing to send: each value has to fit on one line.
LINE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f"), max_size=80)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Authorization", "X-Webhook-Secret", "Content-Type"]
        + [f"{prefix}-{name}" for prefix in ("webhook", "svix") for name in ("id", "timestamp", "signature")]
    ),
    LINE | st.sampled_from(["v1,", "v1,AAAA", "Bearer", f"Basic {PLAIN}", "1e400", "-1", "99999999999999999999999"]),
    max_size=6,
)
SHARED = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=[PLAIN, SIGNING])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """A server with a secret of each form."""
    made = await Stage(request.param).start()
    yield made
    await made.server.stop()


@SHARED
@given(JSON.map(json.dumps).map(str.encode) | st.binary(max_size=300))
async def test_any_body_with_the_secret(stage: Stage, body: bytes) -> None:
    """With the secret, any body is accepted as a hint or refused as unreadable."""
    headers = {"X-Webhook-Secret": PLAIN}
    if stage.secret == SIGNING:
        at = datetime.now(UTC)
        try:
            signature = Webhook(SIGNING).sign("m", at, body.decode())
        except UnicodeDecodeError:
            signature = "v1," + base64.b64encode(body).decode()
        headers = {"webhook-id": "m", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    assert await stage.post(body, headers) in {202, 400, 401}


@SHARED
@given(HEADERS, JSON.map(json.dumps).map(str.encode))
async def test_any_headers_without_the_secret(stage: Stage, headers: dict[str, str], body: bytes) -> None:
    """A request without the secret is refused, whatever its headers, and no hint is accepted."""
    try:
        status = await stage.post(body, headers)
    except (aiohttp.ClientError, ValueError):
        # The client doesn't send such headers.
        return
    assert status == 401
    assert stage.taken == []


@SHARED
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
async def test_any_path_without_the_secret(stage: Stage, path: str) -> None:
    """A request without the secret is refused, whatever its path, and no hint is accepted."""
    assert await stage.post(path=f"/{path}") in {401, 404}
    assert stage.taken == []
