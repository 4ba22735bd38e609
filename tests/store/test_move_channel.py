"""If a channel gets another id, each kind of key that names a channel moves, or is listed with a reason to stay."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from redis.asyncio import Redis

import bot.store
from bot.core.model.watch import Watch
from bot.store.scripts import Scripts
from bot.store.watches import Watches

ROOT = Path(__file__).parents[2]
SCRIPT = Path(bot.store.__file__).with_name("scripts") / "move_channel.lua"
OLD, NEW = "C0OLD", "C0NEW"

MOVED = {
    "standing",
    "discovery",
    "incident",
    "notice",
    "late",
    "outage",
    "report",
    "quiet",
    "gap",
    "back",
    "away",
    "card",
    "posts",
    "due",
    "active",
    "failed",
    "recent",
}
# Keys that keep the old channel's id for as long as they exist.
STAYS = {
    "req": "it ends within the hour, and its card is shown by then or it's told privately; one that an incident shows "
    "names the incident under the new id",
    "run": "its cards were posted under the old id; an end that can't be posted goes to who asked for it",
    "watch": "an hour or a day",
    "follow": "two days at most; the log can be followed again",
    "upload": "a day; the file can be asked for again",
    "digest": "an hour",
    "waits": "a start that waits is told privately if its card can't be posted",
    "same": "hours; it only recognizes repeated commands",
    "waiting": "ten minutes",
    "habits": "a suggestion, which the next run corrects",
    "audit": "it says what happened under which id",
    "told": "what Slack says of the new id is read when it's needed",
    "flood": "ten seconds",
    "edits": "cards of runs; those of watches are queued again under the new id",
    "budget": "a minute",
    # Deleted: under the new id, the bot finds out again whether it can post there.
    "aside": "it's about the old id alone",
}
NOT_BY_CHANNEL = {
    "owner",
    "deployment",
    "sockets",
    "pulse",
    "probe",
    "line",
    "sending",
    "sent",
    "heard",
    "delivered",
    "seen",
    "calls",
    "hold",
    "actor",
}


def test_every_kind_of_key_is_considered() -> None:
    """A new kind has to be added to one of the lists above."""
    table = (ROOT / "docs/redis-keys-and-lifetimes.md").read_text().partition("| key | holds | until |")[2]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    kinds = [kind for row in rows for kind in re.findall(r"`(\w+)`", row)]
    assert sorted(kinds) == sorted([*MOVED, *STAYS, *NOT_BY_CHANNEL])


def test_the_script_names_every_kind_that_moves() -> None:
    """The script moves no other kinds of keys."""
    text = SCRIPT.read_text()
    generic = set(re.findall(r"(\w+) = true", text))
    by_name = set(re.findall(r"kind == '(\w+)'", text)) - {"hash", "set", "zset"}
    special = set(re.findall(r"key\('(\w+)'", text)) - {"edits", "aside", "req"}
    assert generic | by_name | special == MOVED


async def test_nothing_that_moves_is_left_under_the_old_id(redis_client: Redis) -> None:
    """Everything is under the new id, even if that id was already in use before the move."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    watches = Watches(scripts)
    for channel in (OLD, NEW):
        await watches.add_watch(Watch(channel, 0, "T", "nightly", datetime(2026, 11, 23, tzinfo=UTC)))
    await fill(scripts)
    assert await watches.move_channel(OLD, NEW) == 1
    left = {key async for key in redis_client.scan_iter(match=f"*{OLD}*")}
    assert left == {scripts.key("posts", "fail", OLD), scripts.key("card", f"T:{OLD}:9.9")}
    for name in (
        "incident:open",
        "due:incidents",
        "due:outages",
        "due:gaps",
        "due:quiet",
        "due:reports",
        "due:channels",
    ):
        members = await redis_client.zrange(scripts.key(*name.split(":")), 0, -1)
        assert members
        assert not any(OLD in str(member) for member in members), name
    for name in ("report", "late", "standing"):
        assert OLD not in str(await redis_client.hgetall(scripts.key(name)))
    # The outage that moved is the second one under the new id.
    assert await redis_client.hget(scripts.key("outage", NEW, "2"), "team") == "T"
    assert await redis_client.zrange(scripts.key("outage", "open", NEW), 0, -1, withscores=True) == [
        ("1", 5.0),
        ("2", 7.0),
    ]
    incident = await redis_client.hgetall(scripts.key("incident", NEW, "a:b"))
    assert (incident["outage"], incident["incident"]) == ("2", f'{{"channel":"{NEW}"}}')
    assert await redis_client.hget(scripts.key("card", f"T:{NEW}:1.1"), "outage") == f"{NEW}:2"
    assert await redis_client.smembers(scripts.key("incident", "withheld", NEW)) == {"a:b", "hourly"}
    assert await redis_client.zrange(scripts.key("posts", "line", NEW), 0, -1) == [
        f"outage/over-1/{NEW}/2",
        f"quiet/e1/{NEW}",
    ]
    assert await redis_client.zrange(scripts.key("posts", "fail", OLD), 0, -1) == [f"end/T:{OLD}:9.9"]


async def fill(scripts: Scripts) -> None:
    """Store something of every kind that moves, some of it under the new id as well."""
    redis, key, body = scripts.redis, scripts.key, f'{{"channel":"{OLD}"}}'
    hashes: dict[tuple[str, ...], dict[str, str]] = {
        ("incident", OLD, "a:b"): {"incident": body, "rev": "1", "outage": "1", "serial": "1"},
        ("notice", OLD, "late-nightly"): {"notice": body, "rev": "1", "ts": "3.3", "team": "T"},
        ("outage", OLD, "1"): {"team": "T", "rev": "1", "ts": "1.1"},
        ("outage", NEW, "1"): {"team": "T2", "rev": "1"},
        ("outage", "numbers"): {OLD: "1", NEW: "1"},
        ("quiet", OLD, "e1"): {"body": body},
        ("gap", "in", OLD, "4"): {"body": body, "rev": "1", "ts": "2.2"},
        ("gap", "4", "runs", OLD): {"7": body},
        ("back", OLD): {"since": "2026", "word": "back", "slugs": "[]"},
        ("report", OLD, "2026-11-23"): {"queued": "1"},
        ("report",): {OLD: body},
        ("late",): {OLD: body},
        ("card", f"T:{OLD}:1.1"): {"team": "T", "outage": f"{OLD}:1"},
        ("card", f"T:{OLD}:2.2"): {"team": "T", "gap": f"{OLD}:4"},
        ("card", f"T:{OLD}:3.3"): {"team": "T", "notice": f"{OLD}:late-nightly"},
        ("card", f"T:{OLD}:9.9"): {"team": "T", "run": "w:9"},
    }
    for name, fields in hashes.items():
        await redis.hset(key(*name), items=[part for pair in fields.items() for part in pair])
    sets = {("incident", "withheld", OLD): "a:b", ("incident", "withheld", NEW): "hourly"}
    for name, member in sets.items():
        await redis.sadd(key(*name), member)
    scored: dict[tuple[str, ...], dict[str, float]] = {
        ("incident", "open"): {f"{OLD}:a:b": 1},
        ("due", "incidents"): {f"{OLD}:a:b": 1},
        ("due", "outages"): {f"{OLD}:1": 1},
        ("due", "gaps"): {f"{OLD}:4": 1},
        ("due", "quiet"): {OLD: 1},
        ("due", "reports"): {OLD: 1},
        ("outage", "open", OLD): {"1": 7},
        ("outage", "open", NEW): {"1": 5},
        ("outage", OLD, "1", "members"): {"a:b": 1},
        ("active", f"channel:{OLD}"): {"w:9": 1},
        ("posts", "line"): {OLD: 1},
        ("posts", "line", OLD): {f"outage/over-1/{OLD}/1": 1, f"quiet/e1/{OLD}": 2},
        ("posts", "fail", OLD): {f"end/T:{OLD}:9.9": 1},
    }
    for name, members in scored.items():
        await redis.zadd(key(*name), members)
