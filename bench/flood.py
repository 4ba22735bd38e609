"""Count the messages when many of a channel's schedules, with many owners, fail within a minute for few causes."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from bench.seed import make_channels, many
from bench.stage import Control, Json, Options, Worlds, bot, redis_server, worlds
from bench.table import Row, seconds_text
from bench.watching import end, until_looked, watch

SCHEDULES, QUICK_SCHEDULES = 300, 16
OWNERS, QUICK_OWNERS = 40, 3
FAIL_OVER_S, QUICK_OVER_S = 50.0, 3.0
COUNTED_S = 90.0
MESSAGES_MOST, POSTS_MOST, MENTIONS_MOST = 8, 12, 10
CAUSES = ("model_error", "other_error", "warehouse")
# The bot looks up 20 addresses a minute in Slack.
OWNERS_KNOWN_S = 240.0
# Posts about causes come once the logs have been read, and files after that.
AFTER_S, QUICK_AFTER_S = 60.0, 2.0
LOOK_S = 2.0
MENTION = re.compile(r"<@U\w+>")
SHARED = re.compile(r"(\d+) schedules?\b")


@dataclass(frozen=True, slots=True)
class Seen:
    """The content of the channel. `counted`: the schedules that messages report. `files`: replies with just a file."""

    messages: int = 0
    posts: int = 0
    files: int = 0
    mentions: int = 0
    mentioned: int = 0
    counted: int = 0


async def measure(options: Options) -> list[Row]:
    """Make the schedules fail under Slack's own limits, and count the messages."""
    count, owners = options.size(SCHEDULES, QUICK_SCHEDULES), options.size(OWNERS, QUICK_OWNERS)
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": count, "runs": 3})
        # Owners are set before the bot lists them for the first time, because it reads owners only every few minutes.
        await _own(around, count, owners)
        async with bot(around.environment, REDIS_URL=redis_url):
            await watch(around, redis_url, [(0, "crowd-*")], 1, mention="owner")
            await until_looked(around)
            await _until_known(around, owners)
            await _fail_all(around, count, QUICK_OVER_S if options.quick else FAIL_OVER_S)
            after_s = await _until_counted(around.slack, count)
            await asyncio.sleep(QUICK_AFTER_S if options.quick else AFTER_S)
            seen = await _seen(around.slack)
    return _rows(seen, count, owners, after_s)


def _rows(seen: Seen, count: int, owners: int, after_s: float) -> list[Row]:
    name = f"{count} schedules of one channel, {owners} owners, fail within a minute for {len(CAUSES)} causes"
    few = seen.messages <= MESSAGES_MOST and seen.posts <= POSTS_MOST and seen.mentions <= MENTIONS_MOST
    return [
        Row(
            f"{name}: messages, thread posts, mentions",
            f"{seen.messages}, {seen.posts}, {seen.mentions}",
            f"{seen.files} log files in addition; {seen.mentioned} people are mentioned",
            f"≤ {MESSAGES_MOST}, {POSTS_MOST}, {MENTIONS_MOST}",
            few,
        ),
        Row(
            f"  time from the last failure until all {count} are counted",
            seconds_text(after_s),
            "",
            f"≤ {COUNTED_S:.0f} s",
            after_s <= COUNTED_S,
        ),
    ]


async def _own(around: Worlds, count: int, owners: int) -> None:
    """Give each schedule an owner. Every owner has a Slack account with that address, and is in the channel."""
    await make_channels(around.slack, ["watch-0"])
    await around.slack.post("crowd", {"people": owners, "channels": 0})
    people = [f"person-{number + 1}" for number in range(owners)]
    addresses = {one["name"]: one["email"] for one in (await around.slack.get("state"))["users"]}

    async def join(person: str) -> Json:
        return await around.slack.post("members", {"channel": "watch-0", "user": person, "do": "invite"})

    async def own(number: int) -> Json:
        owner = addresses[people[number % owners]]
        return await around.bolt.post(f"bolt/schedules/crowd-{number + 1}", {"owner": owner})

    await many(people, join)
    await many(range(count), own)


async def _until_known(around: Worlds, owners: int) -> None:
    """Wait until Slack has been asked for each owner's address. Raises TimeoutError.

    An address is looked up when something happens to one of its owner's schedules, and is then known for a day. So each
    owner gets a successful run first.
    """
    await many(range(owners), lambda number: end(around.bolt, f"crowd-{number + 1}", "success"))
    async with asyncio.timeout(OWNERS_KNOWN_S):
        while await _answered(around.slack) < owners:  # noqa: ASYNC110 - asked of another process
            await asyncio.sleep(LOOK_S)


async def _answered(slack: Control) -> int:
    calls = (await slack.get("calls?what=users.lookupByEmail"))["calls"]
    return sum(call["outcome"] == "ok" for call in calls)


async def _fail_all(around: Worlds, count: int, over_s: float) -> None:
    """Let the schedules fail one after the other, with each cause in turn."""

    async def fail(number: int) -> Json:
        await asyncio.sleep(number * over_s / count)
        return await end(around.bolt, f"crowd-{number + 1}", CAUSES[number % len(CAUSES)])

    await many(range(count), fail, at_once=count)


async def _until_counted(slack: Control, count: int) -> float:
    """Return how long it takes until each schedule is counted in some message; infinite if that takes too long."""
    began = time.monotonic()
    while time.monotonic() - began <= COUNTED_S:
        if (await _seen(slack)).counted == count:
            return time.monotonic() - began
        await asyncio.sleep(LOOK_S)
    return inf


async def _seen(slack: Control) -> Seen:
    messages = (await slack.get("channels/watch-0"))["messages"]
    replies = [reply for one in messages for reply in one.get("replies", [])]
    files = [reply for reply in replies if is_only_a_file(reply)]
    mentions = [found for one in (*messages, *replies) for found in MENTION.findall(str(one["text"]))]
    counted = sum(schedules_in(one) for one in messages)
    return Seen(len(messages), len(replies) - len(files), len(files), len(mentions), len(set(mentions)), counted)


def is_only_a_file(message: Mapping[str, object]) -> bool:
    """Whether a message has files, but no text of ours, either in itself or in blocks."""
    return bool(message.get("files")) and not message.get("text") and not message.get("blocks")


def schedules_in(message: Mapping[str, object]) -> int:
    """Return how many schedules a message is about: the number in bold for an outage, 1 for anything else."""
    bold = str(message["text"]).partition("*")[2].partition("*")[0]
    shared = SHARED.fullmatch(bold)
    return int(shared[1]) if shared else 1
