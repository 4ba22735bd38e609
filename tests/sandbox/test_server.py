"""The sandbox as one server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bolt_sandbox.server import NotLoopbackError
from bot.manifest import render_manifest
from tests.waiting import PATIENCE_S
from tests.worlds import new_sandbox


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine may be used between client and server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


async def test_its_environment_works() -> None:
    """The settings in `env` lead a Slack client to the sandbox, and to a Bolt API that answers."""
    sandbox = new_sandbox()
    base = await sandbox.start()
    env = sandbox.env()
    assert env["SLACK_APP_TOKEN"].startswith("xapp-")
    assert env["PARADIME_API_ENDPOINT"] == f"{base}/bolt/graphql"
    client = AsyncWebClient(env["SLACK_BOT_TOKEN"], base_url=env["SLACK_API_URL"])
    assert (await client.auth_test())["ok"]
    headers = {"X-API-KEY": env["PARADIME_API_KEY"], "X-API-SECRET": env["PARADIME_API_SECRET"]}
    query = {"query": "{ __typename }"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(env["PARADIME_API_ENDPOINT"], json=query, headers=headers) as reply,
    ):
        assert (await reply.json())["data"] == {"__typename": "Query"}
    assert [call.outcome for call in sandbox.workspace.calls if call.direction == "bolt"] == ["200"]
    await sandbox.stop()


async def test_http_mode() -> None:
    """Without Socket Mode the environment has a signing secret and no app token."""
    env = new_sandbox().env(socket_mode=False)
    assert "SLACK_SIGNING_SECRET" in env
    assert "SLACK_APP_TOKEN" not in env


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])  # noqa: S104
async def test_loopback_only(host: str) -> None:
    """Only loopback interfaces can be served."""
    with pytest.raises(NotLoopbackError):
        await new_sandbox().start(host)


async def test_foreign_host_names() -> None:
    """A request with another host name is refused, because a malicious page's host name may resolve to this machine."""
    sandbox = new_sandbox()
    base = await sandbox.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/control/state", headers={"Host": "evil.example:80"}) as reply:
            assert reply.status == 403
        async with session.get(f"{base}/control/state") as reply:
            assert reply.status == 200
    await sandbox.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_serve_until_a_signal(number: signal.Signals) -> None:
    """`serve` prints the environment at once, and exits with status 0 on a signal."""
    code = "import asyncio, sys; from bolt_sandbox.server import serve; sys.exit(asyncio.run(serve(0, manifest=sys.argv[1])))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, render_manifest(), stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    first = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    assert first.startswith(b"export SLACK_BOT_TOKEN=xoxb-")
    while b"List all endpoints" not in await asyncio.wait_for(process.stdout.readline(), PATIENCE_S):
        pass
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
