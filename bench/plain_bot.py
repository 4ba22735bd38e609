"""The rival of `told`: a plain slack_bolt bot, written in the most obvious way.

One polling task per run, chat.update for progress at each change, and a post in the thread at the end; the SDK's own
handler obeys Slack's 429. Run with a bot's environment, `python -m bench.plain_bot` reads the runs as JSON
(`[{run_id, channel, ts}]`) from standard input, prints `ready` and runs until it's stopped. With `--wait`, a task waits
for its edit before it polls again; without it, edits run alongside the polls, one per run at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

INTERVAL_S = 5.0
FINAL = {"SUCCESS", "ERROR", "FAILED", "CANCELED", "SKIPPED"}
QUERY = "query Status($id: Int!) { boltRunStatus(runId: $id) { state commands { id command returnCode } } }"


async def follow(bolt: aiohttp.ClientSession, slack: AsyncWebClient, card: dict[str, Any], *, wait: bool) -> None:
    """Follow one run to its end."""
    await asyncio.sleep(random.uniform(0, INTERVAL_S))  # noqa: S311 - only spreads the tasks
    seen, editing, ended = "", None, False
    while not ended:
        with contextlib.suppress(aiohttp.ClientError, SlackApiError, TimeoutError, KeyError):
            status = await ask(bolt, card["run_id"])
            if status["state"] in FINAL:
                text = f"Run {card['run_id']} has ended: {status['state']}"
                await slack.chat_postMessage(channel=card["channel"], thread_ts=card["ts"], text=text)
                ended = True
            if words(status) != seen and (editing is None or editing.done()):
                seen = words(status)
                editing = asyncio.create_task(edit(slack, card, seen))
                if wait:
                    await editing
        await asyncio.sleep(INTERVAL_S)


async def edit(slack: AsyncWebClient, card: dict[str, Any], text: str) -> None:
    """Show something on a card. Gives up after Slack has refused three times."""
    with contextlib.suppress(aiohttp.ClientError, SlackApiError, TimeoutError):
        await slack.chat_update(channel=card["channel"], ts=card["ts"], text=text)


async def ask(bolt: aiohttp.ClientSession, run_id: int) -> dict[str, Any]:
    """Return a run's status."""
    body = {"query": QUERY, "variables": {"id": run_id}}
    async with bolt.post(os.environ["PARADIME_API_ENDPOINT"], json=body) as answer:
        status: dict[str, Any] = (await answer.json())["data"]["boltRunStatus"]
        return status


def words(status: dict[str, Any]) -> str:
    """Return the card's text."""
    done = sum(each["returnCode"] is not None for each in status["commands"])
    return f"The run is {status['state']}: {done} commands are done"


async def main() -> None:
    """Follow all given runs, and acknowledge commands."""
    slack = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    slack.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    app = AsyncApp(client=slack, signing_secret="unused")  # noqa: S106 - Socket Mode signs nothing

    @app.command("/bolt")
    async def on_command(ack: AsyncAck) -> None:
        await ack()

    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).connect_async()
    headers = {"X-API-KEY": os.environ["PARADIME_API_KEY"], "X-API-SECRET": os.environ["PARADIME_API_SECRET"]}
    cards, wait = json.load(sys.stdin), "--wait" in sys.argv
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=30)) as bolt:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.gather(*(follow(bolt, slack, card, wait=wait) for card in cards))


if __name__ == "__main__":
    asyncio.run(main())
