"""Starting and stopping: settings, credentials, readiness, HTTP mode, and no process left over."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import signal
import time
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bolt_sandbox.bolt import Fault
from tests.e2e.stage import Stage
from tests.waiting import eventually


@pytest.fixture
def command(embedded: Stage) -> Stage:
    """A stage whose bots are started with the command, as people start them."""
    embedded.forks = False
    return embedded


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong-1234"}, 1, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-wrong-1234"}, 1, "SLACK_APP_TOKEN"),
        ({"PARADIME_API_SECRET": "wrong-secret"}, 1, "PARADIME_API_KEY"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, 1, "Redis doesn't answer"),
        ({"SLACK_BOT_TOKEN": "wrong-token-kind"}, 2, "SLACK_BOT_TOKEN should begin with xoxb-"),
        ({"BOLT_BOT_POLL_MIN_S": "often"}, 2, "BOLT_BOT_POLL_MIN_S"),
        ({"PARADIME_API_KEY": ""}, 2, "PARADIME_API_KEY is missing"),
    ],
)
async def test_what_cannot_work_ends_the_start(stage: Stage, settings: dict[str, str], status: int, words: str) -> None:
    """A start that can't work ends with a clear line and an exit status, and never prints a secret."""
    bot = await stage.start_bot(settings, ready=False)
    assert await bot.ended() == status
    assert words in bot.printed()
    assert "Traceback" not in bot.printed()
    for value in settings.values():
        assert not value or value.startswith("redis") or value not in bot.printed()


async def test_no_settings_at_all_are_told_a_line_each(stage: Stage) -> None:
    """All missing settings are reported at once, with a line each."""
    missing = ("SLACK_BOT_TOKEN", "PARADIME_API_ENDPOINT", "PARADIME_API_SECRET", "SLACK_APP_TOKEN")
    bot = await stage.start_bot(dict.fromkeys([*missing, "PARADIME_API_KEY"], ""), ready=False)
    assert await bot.ended() == 2
    for name in missing:
        assert sum(line.startswith(name) for line in bot.printed().splitlines()) == 1


async def test_services_that_are_away_at_the_start_are_waited_for(stage: Stage) -> None:
    """The bot is alive but not ready while Bolt and Slack are away, and ready when they are back."""
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    stage.sandbox.workspace.faults.away = True
    bot = await stage.start_bot(ready=False)
    async with aiohttp.ClientSession() as http:
        await _until_status(http, bot.port, "/healthz", 200)
        await _until_status(http, bot.port, "/readyz", 503)
    stage.sandbox.bolt.faults.clear()
    stage.sandbox.workspace.faults.away = False
    await stage.until_ready(bot)
    assert bot.process.returncode is None


async def test_sigterm_while_services_are_away_ends_the_bot(stage: Stage) -> None:
    """SIGTERM ends a bot that's still waiting for services."""
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    bot = await stage.start_bot(ready=False)
    async with aiohttp.ClientSession() as http:
        await _until_status(http, bot.port, "/healthz", 200)
    bot.kill(signal.SIGTERM)
    assert await bot.ended() == 0


async def test_kill_leaves_no_redis_behind(command: Stage) -> None:
    """The embedded Redis ends with a killed bot, and another bot can start on its data."""
    bot = await command.start_bot()
    (child,) = _children(bot.process.pid)
    bot.kill()
    await bot.ended()
    await eventually("the embedded Redis to end with its parent", lambda: not _alive(child))
    await command.start_bot()


async def test_a_bot_whose_own_redis_ends_says_so_and_ends(embedded: Stage) -> None:
    """A bot whose embedded Redis ends says so and exits with status 1; another can start afterward."""
    bot = await embedded.start_bot()
    (child,) = _children(bot.process.pid)
    os.kill(child, signal.SIGKILL)
    assert await bot.ended() == 1
    assert "The embedded Redis has stopped unexpectedly" in bot.printed()
    await embedded.start_bot()


async def test_a_second_process_does_not_take_the_same_data(embedded: Stage) -> None:
    """A second process can't use the same data directory: it ends and names the setting."""
    await embedded.start_bot()
    second = await embedded.start_bot(ready=False)
    assert await second.ended() == 1
    assert "BOLT_BOT_DATA_DIR" in second.printed()


async def test_the_whole_job_over_http(command: Stage) -> None:
    """Over HTTP, commands and clicks come as signed requests, and the run is followed just the same."""
    await command.start_bot(socket_mode=False)
    await command.slash("run backfill")
    await command.until(command.card_says("is running"))
    await command.click("Cancel run")
    await command.until(command.card_says("was cancelled by"))


async def test_what_slack_did_not_sign_is_refused(stage: Stage) -> None:
    """Wrong, missing and old signatures and an invalid timestamp get 401, and nothing is done."""
    bot = await stage.start_bot(socket_mode=False)
    workspace = stage.sandbox.workspace
    body = urlencode(
        {"command": "/bolt", "text": "run nightly", "team_id": workspace.team_id, "user_id": "U0ADA"}
        | {"channel_id": "C0DATAENG", "trigger_id": "1.2.3"}
    )
    now = str(int(time.time()))
    verifier = SignatureVerifier(workspace.signing_secret)
    good = verifier.generate_signature(timestamp=now, body=body) or ""
    old = str(int(time.time()) - 301)
    headers = [
        {},
        {"X-Slack-Request-Timestamp": now},
        {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": "v0=00"},
        {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": good},
        {
            "X-Slack-Request-Timestamp": old,
            "X-Slack-Signature": verifier.generate_signature(timestamp=old, body=body) or "",
        },
    ]
    async with aiohttp.ClientSession() as http:
        for one in headers:
            assert await _post(http, bot.port, body, one) == 401
        signed = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": good}
        assert await _post(http, bot.port, body + "x", signed) == 401
        assert await _post(http, bot.port, "ssl_check=1&" + body, {}) == 401
        assert await _post(http, bot.port, io.BytesIO(b"a" * 1_100_000), {}) == 413
        assert await _post(http, bot.port, body, signed) == 200
    await stage.until(stage.card_says("succeeded"))
    assert len(stage.started()) == 1


NONSENSE = (
    b"payload=%7B",
    b"payload=7",
    b"\xff\xfe",
    b"command=%2Fbolt",
    b"command=%2Fbolt&team_id=T1",
    b"",
    b"payload=" + json.dumps({"type": "block_actions"}).encode(),
    b"payload=" + json.dumps({"type": "block_actions", "team": 7, "user": "x", "actions": []}).encode(),
)


async def test_signed_nonsense_is_no_fault_of_ours(stage: Stage) -> None:
    """Signed nonsense never gets a 5xx, and starts nothing."""
    bot = await stage.start_bot(socket_mode=False)
    # Slack's own verifier can't sign bytes that aren't UTF-8.
    secret = stage.sandbox.workspace.signing_secret.encode()
    async with aiohttp.ClientSession() as http:
        for body in NONSENSE:
            now = str(int(time.time()))
            signature = "v0=" + hmac.new(secret, f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
            headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature}
            assert await _post(http, bot.port, body, headers) < 500, bot.printed()
    assert stage.started() == []


async def _post(http: aiohttp.ClientSession, port: int, body: str | bytes | io.BytesIO, headers: dict[str, str]) -> int:
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    async with http.post(f"http://127.0.0.1:{port}/slack/events", data=body, headers=form) as answer:
        await answer.read()
        return answer.status


async def _until_status(http: aiohttp.ClientSession, port: int, path: str, status: int) -> None:
    async def look() -> int:
        try:
            async with http.get(f"http://127.0.0.1:{port}{path}") as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0

    await eventually(f"{path} to answer {status}", look, status.__eq__)


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as listed:  # noqa: PTH123 - a kernel file
        return [int(child) for child in listed.read().split()]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - as above
        return stat.read().rpartition(")")[2].split()[0] != "Z"


async def test_the_data_of_another_bot_is_not_touched(stage: Stage) -> None:
    """If Redis holds another Bolt workspace's data, the bot exits with status 1; adopting the data is logged."""
    first = await stage.start_bot()
    first.kill(signal.SIGTERM)
    assert await first.ended() == 0
    other = {"PARADIME_WORKSPACE_UID": "another"}
    bot = await stage.start_bot(other, ready=False)
    assert await bot.ended() == 1
    assert "this bot is for the Bolt workspace another. Set BOLT_BOT_NAME" in bot.printed()
    assert "Traceback" not in bot.printed()
    bot = await stage.start_bot({**other, "BOLT_BOT_ADOPT": "1"})
    assert "took over the data of another bot" in bot.printed()
