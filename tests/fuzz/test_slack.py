"""Slack's requests to the whole bot over HTTP, signed correctly but otherwise wrong: answered in time, no faults."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.stage import Bot, Stage
from tests.fuzz.payloads import payloads
from tests.waiting import PATIENCE_S
from tests.worlds import new_sandbox

# Slack waits 3 s.
ACKNOWLEDGED_S = 3.0
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SETTINGS = {"BOLT_BOT_USER_LIMIT": "10000", "BOLT_BOT_CHANNEL_LIMIT": "10000"}
SHARED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[tuple[Stage, Bot]]:
    """A bot over HTTP in a workspace with the payloads' names. Afterward, it must still work, without a fault."""
    sandbox = new_sandbox()
    sandbox.workspace.rates.enabled = False
    await sandbox.start()
    stage = Stage(sandbox, tmp_path)
    started = await stage.start_bot(SETTINGS, socket_mode=False)
    yield stage, started
    try:
        answer = await stage.slash("help")
        assert not answer.problem
        assert "unexpected fault" not in started.printed()
        assert stage.started() == []
    finally:
        await stage.close()


def signed(stage: Stage, body: bytes, content_type: str) -> dict[str, str]:
    """The headers of a post from Slack."""
    now = str(int(time.time()))
    secret = stage.sandbox.workspace.signing_secret.encode()
    digest = hmac.new(secret, f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": content_type, "X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={digest}"}


async def post(stage: Stage, bot: Bot, body: bytes, content_type: str) -> int:
    """Post, and return the status. The limit is on processor time, because a busy machine distorts elapsed time."""
    before = processor_s(bot)
    url = f"http://127.0.0.1:{bot.port}/slack/events"
    headers = signed(stage, body, content_type)
    async with (
        asyncio.timeout(PATIENCE_S),
        aiohttp.ClientSession() as http,
        http.post(url, data=io.BytesIO(body), headers=headers) as answer,
    ):
        await answer.read()
    assert processor_s(bot) - before < ACKNOWLEDGED_S
    return answer.status


def processor_s(bot: Bot) -> float:
    """The processor time that the bot has used so far (proc(5), stat: utime and stime)."""
    fields = Path(f"/proc/{bot.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sent(stage: Stage, name: str, payload: dict[str, Any]) -> tuple[bytes, str]:
    """A payload as Slack sends this kind, with this workspace's ids."""
    workspace = stage.sandbox.workspace
    ids = {
        "T1": workspace.team_id,
        "U0BOT": workspace.bot.id,
        "U1": "U0ADA",
        "C1": "C0DATAENG",
        "B0BOT": workspace.bot.bot_id,
    }
    if name == "command":
        fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in payload.items()}
        return renamed(urlencode(fields, errors="replace"), ids).encode(), FORM
    text = renamed(json.dumps(payload), ids)
    is_event = name in {"mention", "direct message", "home", "another event", "verification"}
    return (text.encode(), JSON) if is_event else (urlencode({"payload": text}).encode(), FORM)


def renamed(text: str, ids: dict[str, str]) -> str:
    """Replace the payloads' ids, quoted or as fields, with the workspace's."""
    for one, other in ids.items():
        text = (
            text.replace(f'"{one}"', f'"{other}"').replace(f"={one}&", f"={other}&").replace(f"<@{one}>", f"<@{other}>")
        )
    return text


@SHARED
@given(payloads())
async def test_a_request_that_is_not_as_it_should_be(bot: tuple[Stage, Bot], drawn: tuple[str, dict[str, Any]]) -> None:
    """A malformed request is acknowledged, or refused with status 400, and starts nothing."""
    stage, process = bot
    body, content_type = sent(stage, *drawn)
    assert await post(stage, process, body, content_type) in {200, 400}, process.printed()[-3000:]


@SHARED
@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: f"payload={text}".encode())
    | st.sampled_from(
        [b"{}", b"[]", b"7", b'{"a":1}', b"payload", b"payload=null", b"=&=&", b"command=%2Fbolt&text=payload"]
    )
    | st.integers(1, 200_000).map(lambda depth: b"[" * depth)
    | st.integers(1, 20_000).map(lambda depth: b'{"event":' * depth + b"{}" + b"}" * depth),
    st.sampled_from([FORM, JSON, "application/json; charset=utf-16", "text/plain", "multipart/form-data", "x", ""]),
)
async def test_a_body_of_any_kind(bot: tuple[Stage, Bot], body: bytes, content_type: str) -> None:
    """Any bytes, texts and nested brackets are answered, whatever their type. A body from Slack is always UTF-8."""
    stage, process = bot
    expected = {200, 400} if is_utf_8(body) else {401}
    assert await post(stage, process, body, content_type) in expected, process.printed()[-3000:]


def is_utf_8(body: bytes) -> bool:
    """Whether the body is valid UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "x" * 900_000,
        "run " + "a " * 400_000,
        "run nightly --command " + '"' * 500_000,
        "\U0001f389" * 60_000,
        "<" * 300_000,
    ],
)
async def test_a_command_as_large_as_a_body_may_be(bot: tuple[Stage, Bot], text: str) -> None:
    """A command as large as a body can be is answered in time."""
    stage, process = bot
    fields = {"command": "/bolt", "text": text, "team_id": stage.sandbox.workspace.team_id, "user_id": "U0ADA"}
    body = urlencode(fields | {"channel_id": "C0DATAENG", "trigger_id": "1.2"}).encode()[:1_048_000]
    assert await post(stage, process, body, FORM) in {200, 400}
