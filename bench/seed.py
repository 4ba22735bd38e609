"""Seed many followed runs without typing commands: started in Bolt, with cards in Slack, recorded as `settle` does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from bench.stage import Control, Environment, Json, control
from bot.core.model.admission import Limits
from bot.core.model.command import RunCommand
from bot.core.model.request import Request, RequestState, StartPlan, request_id
from bot.core.model.run import CardRef, RunKey
from bot.core.views.card import request_card
from bot.slack.blocks.render import render
from bot.slack.client import EVENT_TYPE
from bot.store.connect import connect
from bot.store.due_sets import MICROSECONDS, microseconds
from bot.store.record_json import to_json
from bot.store.runs import card_id
from bot.store.scripts import Scripts
from bot.store.start_requests import StartRequests, StoredRequest

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 32
RETENTION_S = 30 * 86_400
LONG = ("sleep 7200",)
USER = "ada"
SLUG = "seeded"


@dataclass(frozen=True, slots=True)
class Followed:
    """A run with its card."""

    run_id: int
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class SeedTarget:
    """The requester of the seeded runs: the ids of the team and the person, and the names in the bot's records."""

    team: str
    user: str
    workspace: str
    name: str


async def seed(
    redis_url: str,
    slack_environment: Environment,
    bolt_control: Control,
    *,
    runs: int = 500,
    channels: int = 100,
    commands: Sequence[str] = LONG,
    name: str = "bolt",
) -> list[Followed]:
    """Start `runs` runs, post a card for each, and record both; the bot on that Redis follows them from then on.

    `slack_environment` is the environment of a bot that uses the Slack sandbox. The channels are called seed-0, seed-1
    and so on, and are created if they don't exist. `name` is the bot's BOLT_BOT_NAME. This can be called before the bot
    starts or while it runs, and more than once.
    """
    base = slack_environment["SLACK_API_URL"].removesuffix("/slack/api/")
    async with control(base) as slack, _unlimited(slack):
        channel_ids = await _channels(slack, channels)
        state = await slack.get("state")
        user = next(one["id"] for one in state["users"] if one["name"] == USER)
        target = SeedTarget(state["team"], user, slack_environment["PARADIME_WORKSPACE_UID"], name)
        plan, run_ids = await _start(bolt_control, runs, commands)
        requests = [_request(target, plan, run_id, channel_ids[run_id % len(channel_ids)]) for run_id in run_ids]
        carded = await _post_cards(requests, slack_environment)
        await _record(redis_url, target, carded)
    return [_followed(request) for request in carded]


async def many(items: Iterable[T], do: Callable[[T], Awaitable[R]], at_once: int = AT_ONCE) -> list[R]:
    """Do something with each item, `at_once` at a time. Returns the results in order."""
    gate = asyncio.Semaphore(at_once)

    async def one(item: T) -> R:
        async with gate:
            return await do(item)

    return list(await asyncio.gather(*(one(item) for item in items)))


async def make_channels(slack: Control, names: Sequence[str]) -> list[str]:
    """Create channels that don't exist yet, with the bot and a person in each. Returns all ids."""
    known = {one["name"]: one["id"] for one in (await slack.get("state"))["channels"]}

    async def ready(name: str) -> str:
        if name in known:
            return str(known[name])
        return str((await slack.post("channels", {"name": name, "members": [USER, "bolt"]}))["channel"])

    return await many(names, ready)


async def _channels(slack: Control, count: int) -> list[str]:
    return await make_channels(slack, [f"seed-{number}" for number in range(count)])


@asynccontextmanager
async def _unlimited(slack: Control) -> AsyncIterator[None]:
    """Turn off Slack's rate limits for a while. Posts made in the meantime don't count later."""
    before = (await slack.get("state"))["rates"]
    await slack.post("rates", {"enabled": False})
    try:
        yield
    finally:
        await slack.post("rates", before)


async def _start(bolt: Control, runs: int, commands: Sequence[str]) -> tuple[StartPlan, list[int]]:
    """Start runs of one schedule through Bolt's control API."""
    made = await bolt.post("bolt/schedules", {"name": "Seeded", "slug": SLUG, "commands": list(commands)})

    async def start(_number: int) -> int:
        return int((await bolt.post("bolt/runs", {"slug": SLUG}))["id"])

    run_ids = await many(range(runs), start)
    return StartPlan(made["slug"], made["name"], 0, tuple(commands), made["gitBranch"]), sorted(run_ids)


def _request(target: SeedTarget, plan: StartPlan, run_id: int, channel: str) -> Request:
    return Request(
        request_id(target.team, f"seed-{run_id}"),
        target.team,
        channel,
        target.user,
        USER,
        RunCommand(plan.slug),
        asked_at=datetime.now(UTC),
        state=RequestState.SENDING,
        plan=plan,
        run_id=run_id,
    )


async def _post_cards(requests: list[Request], environment: Environment) -> list[Request]:
    """Post the cards as the bot does, but all at once."""
    headers = {"Authorization": f"Bearer {environment['SLACK_BOT_TOKEN']}"}
    url, app_url = f"{environment['SLACK_API_URL']}chat.postMessage", environment["PARADIME_APP_URL"]

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as http:

        async def post(request: Request) -> Request:
            text, blocks = render(request_card(request, app_url))
            metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": request.key}}
            body = {"channel": request.channel, "text": text, "blocks": blocks, "metadata": metadata}
            async with http.post(url, json=body) as answer:
                told: Json = await answer.json()
            if not told.get("ok"):
                raise RuntimeError(f"a card was not posted: {told}")
            return replace(request, card=CardRef(request.channel, told["ts"]))

        return await many(requests, post)


async def _record(redis_url: str, target: SeedTarget, requests: list[Request]) -> None:
    """Write what Redis contains just before a start is settled, then run the bot's own script that settles it."""
    redis = connect(redis_url, timeout_s=30)
    try:
        scripts = Scripts(redis, target.name, retention_s=RETENTION_S)
        await _write(redis, scripts, requests)
        book = StartRequests(scripts, Limits())

        async def settle(request: Request) -> None:
            await book.settle(request, RunKey(target.workspace, request.run_id or 0), told=True)

        await many(requests, settle)
    finally:
        await redis.aclose()


async def _write(redis: Redis, scripts: Scripts, requests: list[Request]) -> None:
    """Write requests that are being sent, with their cards.

    See accept_start.lua, move_request.lua, start_card_posted.lua and begin_sending.lua.
    """
    async with redis.pipeline(transaction=False) as pipe:
        for request in requests:
            if request.card is None:
                raise RuntimeError("a start without a card is never sent")
            card = card_id(request.team, request.card)
            _hash_set(pipe, scripts.key("req", request.id), **_sending(request, card, request.card.ts))
            shown = f"req:{request.rev}"
            _hash_set(pipe, scripts.key("card", card), team=request.team, request=request.id, shown=shown)
        await pipe.execute()


def _hash_set(pipe: Pipeline, key: str, **fields: str) -> None:
    """Add to a pipeline a command that sets a hash's fields."""
    pipe.hset(key, items=[part for pair in fields.items() for part in pair])


def _sending(request: Request, card: str, ts: str) -> dict[str, str]:
    body = StoredRequest(request.team, request.channel, request.user, request.user_name, request.start_command)
    asked_us = microseconds(request.asked_at.timestamp())
    return {
        "body": to_json(body),
        "state": request.state,
        "rev": str(request.rev),
        "asked_us": str(asked_us),
        "sending_us": str(asked_us + MICROSECONDS),
        "look": to_json(request.plan),
        "card": card,
        "post": f"done:{ts}",
    }


def _followed(request: Request) -> Followed:
    if request.card is None or request.run_id is None:
        raise RuntimeError("a seeded run has no card")
    return Followed(request.run_id, request.card.channel, request.card.ts)


async def calm(redis_url: str, slack: Control, *, name: str = "bolt") -> None:
    """Treat every card as up to date, and reset Slack's budget and its counters, so that measuring starts from rest."""
    client = connect(redis_url)
    prefix = Scripts(client, name, retention_s=RETENTION_S).prefix
    try:
        lanes = [key async for key in client.scan_iter(f"{prefix}edits:*", count=1000)]
        cards = [key async for key in client.scan_iter(f"{prefix}card:*", count=1000)]
        async with client.pipeline(transaction=False) as pipe:
            for key in (*lanes, f"{prefix}budget:edits"):
                pipe.delete(key)
            for key in cards:
                pipe.hdel(key, "queued")
            await pipe.execute()
    finally:
        await client.aclose()
    await slack.post("rates", {})
