"""Incoming requests: a flood is answered once, duplicates do nothing, and health can have a port of its own."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from urllib.parse import urlencode

import aiohttp

from tests.e2e.stage import Bot, Stage

FLOOD = "You're sending commands too quickly, so nothing was done. Try again in 10 s."
FEW = {"BOLT_BOT_USER_LIMIT": "3"}


def headers(stage: Stage, body: bytes) -> dict[str, str]:
    """The headers of a request from Slack, as somebody who records a request would have them."""
    now = str(int(time.time()))
    secret = stage.sandbox.workspace.signing_secret.encode()
    digest = hmac.new(secret, f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    form = "application/x-www-form-urlencoded"
    return {"Content-Type": form, "X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={digest}"}


def command(stage: Stage, text: str, trigger: str = "1.2.3") -> bytes:
    """A slash command by Ada."""
    fields = {"command": "/bolt", "text": text, "team_id": stage.sandbox.workspace.team_id, "user_id": "U0ADA"}
    return urlencode(fields | {"channel_id": "C0DATAENG", "user_name": "ada", "trigger_id": trigger}).encode()


async def post(bot: Bot, body: bytes, signed: dict[str, str]) -> tuple[int, str]:
    """Send a request to the bot, and return the status and body of the answer."""
    url = f"http://127.0.0.1:{bot.port}/slack/events"
    async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=signed) as answer:
        return answer.status, await answer.text()


async def test_a_flood_is_answered_once_and_dropped(stage: Stage) -> None:
    """A flood of commands or mentions is answered once, then dropped and counted; other people are still served."""
    bot = await stage.start_bot(FEW)
    answers = [await stage.slash("help") for _ in range(6)]
    assert [one.problem for one in answers] == [""] * 6
    texts = [(one.payload or {}).get("text", "") for one in answers]
    assert all(texts[:3])
    assert texts[3:] == [FLOOD, "", ""]
    assert (await stage.slash("help", user="grace")).payload["text"] == texts[0]
    for _ in range(5):
        await stage.mention("help", user="grace")
    await stage.until(stage.told_privately(FLOOD, "grace"))
    assert sum(FLOOD in one.text for one in stage.private("grace")) == 1
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{bot.port}/metrics") as answer:
        shown = await answer.text()
    assert 'bolt_bot_asked_total{outcome="flooded"} 4.0' in shown


async def test_a_click_above_the_limit_starts_nothing(stage: Stage) -> None:
    """A click above the limit is answered privately, and the run goes on."""
    await stage.start_bot({"BOLT_BOT_USER_LIMIT": "1"})
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    await stage.click("Cancel run")
    await stage.click("Cancel run")
    await stage.until(stage.told_privately(FLOOD))
    (run,) = stage.started()
    assert stage.asked("cancelBoltRun") == 0
    assert stage.sandbox.bolt.view(run.id).state == "RUNNING"


async def test_a_recorded_request_does_nothing_again(stage: Stage) -> None:
    """A recorded request sent again with its signature starts nothing and gets no answer."""
    bot = await stage.start_bot(socket_mode=False)
    start, question = command(stage, "run nightly"), command(stage, "help", "1.2.4")
    signed = headers(stage, start), headers(stage, question)
    assert await post(bot, start, signed[0]) == (200, "")
    first = await post(bot, question, signed[1])
    assert "run" in first[1]
    await stage.until(lambda: len(stage.started()) == 1)
    # A request is marked as seen after it's acknowledged.
    deadline = time.monotonic() + 5
    while await post(bot, question, signed[1]) != (200, ""):
        assert time.monotonic() < deadline
    for _ in range(3):
        assert await post(bot, start, signed[0]) == (200, "")
        assert await post(bot, question, signed[1]) == (200, "")
    await stage.until(stage.card_says("succeeded"))
    assert len(stage.started()) == len(stage.cards()) == 1


async def test_copies_at_the_same_time_start_one_run(stage: Stage) -> None:
    """Copies of a request at the same time are all acknowledged and start one run."""
    bot = await stage.start_bot(socket_mode=False)
    again = command(stage, "run nightly", "1.2.5")
    signed = headers(stage, again)
    answers = await asyncio.gather(*(post(bot, again, signed) for _ in range(5)))
    assert answers == [(200, "")] * 5
    await stage.until(lambda: len(stage.started()) == 1)
    await stage.until(stage.card_says("succeeded"))
    assert len(stage.started()) == 1


async def test_a_start_that_was_cut_off_is_taken_when_it_comes_again(stage: Stage) -> None:
    """If the process dies before it acknowledges a start, a repeated request, as from a proxy, starts the run once."""
    bot = await stage.start_bot(socket_mode=False)
    body = command(stage, "run nightly", "1.2.6")
    signed = headers(stage, body)
    sending = asyncio.ensure_future(post(bot, body, signed))
    await asyncio.sleep(0)
    bot.kill()
    await bot.ended()
    await asyncio.gather(sending, return_exceptions=True)
    other = await stage.start_bot(socket_mode=False)
    assert await post(other, body, signed) == (200, "")
    await stage.until(stage.card_says("succeeded"))
    assert len(stage.started()) == 1


async def test_a_command_may_say_payload(stage: Stage) -> None:
    """In a command, "payload" is only a word, though it's the name of a field in other requests."""
    bot = await stage.start_bot(socket_mode=False)
    body = command(stage, "show payload")
    status, said = await post(bot, body, headers(stage, body))
    assert status == 200
    assert said == ""
    await stage.until(stage.told_privately("payload"))


async def test_health_on_a_port_of_its_own(stage: Stage) -> None:
    """With a port of their own, health and metrics aren't served on the public port."""
    bot = await stage.start_bot({"BOLT_BOT_ADMIN_HOST": "127.0.0.1", "BOLT_BOT_ADMIN_PORT": "0"})
    assert bot.admin_port != bot.port
    async with aiohttp.ClientSession() as http:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await http.get(f"http://127.0.0.1:{bot.admin_port}{path}")).status == 200
            assert (await http.get(f"http://127.0.0.1:{bot.port}{path}")).status == 404
