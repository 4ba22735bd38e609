"""A missing scope is reported by name, and a wrong clock is recognized by Slack's Date header."""

from __future__ import annotations

import hashlib
import hmac
import io
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from structlog.testing import capture_logs

from bolt_sandbox.server import Sandbox
from bot.core.model.errors import ScopeMissing
from bot.manifest import render_manifest
from bot.slack.client import SlackChat
from bot.slack.identity import identify
from bot.slack.scopes import OPTIONAL, REQUIRED, WITHOUT
from bot.slack.signed_requests import http_handler

SECRET = "signing"  # noqa: S105 - made up
OFF_S = 600


def chat_of(sandbox: Sandbox) -> SlackChat:
    """A client of the sandbox's Slack."""
    settings = sandbox.env()
    return SlackChat(settings["SLACK_BOT_TOKEN"], settings["SLACK_API_URL"], lambda said: said)


def test_each_scope_of_the_manifest_says_what_it_is_for() -> None:
    """The manifest has exactly the scopes that the bot knows, and the bot can say what each of them is needed for."""
    scopes = yaml.safe_load(render_manifest())["oauth_config"]["scopes"]
    assert set(scopes["bot_optional"]) == OPTIONAL
    assert set(scopes["bot"]) == REQUIRED | OPTIONAL
    assert {scope for scope in scopes["bot"] if not WITHOUT.get(scope)} == set()


async def test_scopes_that_are_missing_are_named_at_the_start(sandbox: Sandbox) -> None:
    """A missing required scope is logged once, with what doesn't work without it; an optional one isn't."""
    sandbox.workspace.scopes -= {"files:write", "usergroups:read"}
    chat = chat_of(sandbox)
    with capture_logs() as lines:
        await identify(chat)
        await identify(chat)
    await chat.close()
    assert [(line["scope"], line["without"]) for line in lines] == [
        ("files:write", "logs, artifacts and pictures can't be posted as files")
    ]


async def test_a_call_that_needs_a_missing_scope(sandbox: Sandbox) -> None:
    """The error names the missing scope as Slack does, and it's logged once."""
    sandbox.workspace.scopes.discard("usergroups:read")
    chat = chat_of(sandbox)
    with capture_logs() as lines:
        for _ in range(2):
            with pytest.raises(ScopeMissing) as caught:
                await chat.call("usergroups.list")
    await chat.close()
    assert caught.value.needed == "usergroups:read"
    assert caught.value.sentence.startswith("My Slack app lacks the usergroups:read permission.")
    (line,) = lines
    assert (line["scope"], line["method"]) == ("usergroups:read", "usergroups.list")


@asynccontextmanager
async def listening(handle: object, path: str) -> AsyncIterator[str]:
    """The address of an HTTP server with one handler."""
    app = web.Application()
    app.router.add_post(path, handle)  # type: ignore[arg-type]
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/"
    await runner.cleanup()


async def test_slacks_clock_is_read_from_its_answers() -> None:
    """The offset from Slack's clock is read from the Date header."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True}, headers={"Date": formatdate(time.time() - OFF_S, usegmt=True)})

    async with listening(answer, "/auth.test") as address:
        chat = SlackChat("xoxb-1", address, lambda said: said)
        await chat.call("auth.test")
        await chat.close()
    assert chat.clock_off_s == pytest.approx(OFF_S, abs=60)


@pytest.mark.parametrize(
    ("ahead_s", "secret", "words"),
    [
        (float(OFF_S), SECRET, "because this machine's clock is wrong"),
        (0.0, SECRET, "older than five minutes"),
        (None, SECRET, "older than five minutes"),
        (float(OFF_S), "another", "check SLACK_SIGNING_SECRET"),
    ],
)
async def test_a_request_that_is_too_old(ahead_s: float | None, secret: str, words: str) -> None:
    """A request that is too old is refused, and Slack's own clock shows whether this machine's clock is the cause."""
    at = str(int(time.time()) - OFF_S)
    lines = await refusals(b"command=%2Fbolt", at, secret, lambda: ahead_s)
    (line,) = lines
    assert words in line["event"]
    assert line.get("ahead_of_slack_s") == (OFF_S if "clock" in words else None)


@pytest.mark.parametrize("at", ["soon", "", "1.5", "²", "1e9", "9" * 4000, "9" * 5000])
async def test_a_timestamp_that_is_not_a_time(at: str) -> None:
    """A timestamp that isn't a time is refused with a warning, even with a valid signature."""
    assert len(await refusals(b"command=%2Fbolt", at)) == 1


@pytest.mark.parametrize("body", [b"\xff", b"command=%2Fbolt&text=\xc3"])
async def test_a_body_that_is_not_utf_8(body: bytes) -> None:
    """A body that isn't UTF-8 is refused with a warning, even with a valid signature, because Slack never sends one."""
    (line,) = await refusals(body, str(int(time.time())))
    assert "check SLACK_SIGNING_SECRET" in line["event"]


async def test_a_signature_that_is_not_ascii() -> None:
    """A signature with non-ASCII characters is refused like any wrong one."""
    (line,) = await refusals(b"command=%2Fbolt", str(int(time.time())), signature="v0=é")
    assert "check SLACK_SIGNING_SECRET" in line["event"]


async def refusals(
    body: bytes,
    at: str,
    secret: str = SECRET,
    clock_off_s: Callable[[], float | None] = lambda: None,
    signature: str | None = None,
) -> list[MutableMapping[str, Any]]:
    """The log lines for a request that is signed at `at` and answered with 401."""
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature or f"v0={digest}"}
    handle = http_handler(AsyncApp(token="xoxb-1", signing_secret=SECRET), SECRET, clock_off_s)  # noqa: S106 - made up
    async with listening(handle, "/slack/events") as address, aiohttp.ClientSession() as http:
        with capture_logs() as lines:
            async with http.post(f"{address}slack/events", data=io.BytesIO(body), headers=headers) as answer:
                assert answer.status == 401
    return lines
