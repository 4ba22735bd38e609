"""Snapshots, as text, of a bot's data in Redis, and of the objects in Slack and Bolt that it refers to.

Snapshots aren't in a server's own format, so that any server can load them. Times of Redis' clock are moved to the
present when a snapshot is loaded, because the bot gives up a start that has waited for days.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from bolt_sandbox.bolt import Start
from bolt_sandbox.bolt.model import Actor
from bolt_sandbox.slack.model import Message
from bot.core.model.run import is_final
from tests.e2e.stage import Stage

Json = dict[str, Any]
SNAPSHOT = Path(__file__).parents[1] / "data" / "upgrade" / "last-release.json.gz"
# Microseconds since 1970 in the years 2023 to 2033, wherever they are: scores, fields, parts of names.
MICROSECONDS = re.compile(r"(?<![\d.])(?:1[789]|20)\d{14}(?!\d)")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`keys` has each key's type and content. `runs` are in the order of Bolt's numbers."""

    keys: dict[str, tuple[str, Any]]
    runs: list[Json]
    messages: list[Json]
    now_us: int

    @classmethod
    def take(cls, stage: Stage) -> Snapshot:
        """Take a snapshot of what a stage's bots hold, and of its Slack and Bolt."""
        with Redis.from_url(str(stage.redis_url), decode_responses=True, protocol=2) as redis:
            names = sorted(redis.keys("*"))
            keys = {name: (kind := str(redis.type(name)), READERS[kind](redis, name)) for name in names}
            seconds, rest_us = redis.time()
        new = [run for run in reversed(stage.sandbox.bolt.runs()) if run.id > stage.history]
        states = {run.id: stage.sandbox.bolt.view(run.id).state for run in new}
        runs = [{"id": run.id, "slug": run.slug, "actor": run.actor.name, "state": states[run.id]} for run in new]
        messages = [
            {"channel": one.channel, "ts": one.ts, "user": one.user, "text": one.text, "thread": one.thread_ts}
            for channel in stage.sandbox.workspace.channels.values()
            for one in channel.messages.values()
        ]
        return cls(keys, runs, messages, int(seconds) * 1_000_000 + int(rest_us))

    @classmethod
    def read(cls, path: Path) -> Snapshot:
        """Read a snapshot from a file."""
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return cls(**json.load(file))

    def write(self, path: Path) -> None:
        """Write the snapshot to a file; the same content gives the same bytes."""
        text = json.dumps(
            {"keys": self.keys, "runs": self.runs, "messages": self.messages, "now_us": self.now_us},
            separators=(",", ":"),
        )
        with path.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as file:
            file.write(text.encode())

    def load(self, stage: Stage) -> None:
        """Load the keys into an empty Redis, and the messages and runs they refer to into a new Slack and Bolt."""
        for run in self.runs:
            made = stage.sandbox.bolt.start(run["slug"], Start(), Actor(run["actor"]))
            assert made.id == run["id"], "the sandbox numbers runs differently now: make the snapshot again"
            if is_final(run["state"]):
                stage.sandbox.bolt.end(made.id, run["state"])
        workspace = stage.sandbox.workspace
        for message in self.messages:
            channel = workspace.channels.get(message["channel"])
            if channel is not None:
                it = Message(channel.id, message["ts"], message["user"], message["text"], thread_ts=message["thread"])
                channel.messages[it.ts] = it
        with Redis.from_url(str(stage.redis_url), decode_responses=True, protocol=2) as redis:
            seconds, rest_us = redis.time()
            move = mover(int(seconds) * 1_000_000 + int(rest_us) - self.now_us)
            for name, (kind, content) in self.keys.items():
                WRITERS[kind](redis, move(name), json.loads(move(json.dumps(content))))


def mover(by_us: int) -> Callable[[str], str]:
    """A function that moves all times in a text."""
    return lambda text: MICROSECONDS.sub(lambda found: str(int(found[0]) + by_us), text)


def _sorted_set(redis: Any, name: str) -> list[list[str]]:  # noqa: ANN401 - redis-py's types are unions with awaitables
    return [[member, f"{score:.17g}"] for member, score in redis.zrange(name, 0, -1, withscores=True)]


READERS: dict[str, Callable[[Any, str], Any]] = {
    "string": lambda redis, name: redis.get(name),
    "hash": lambda redis, name: dict(sorted(redis.hgetall(name).items())),
    "set": lambda redis, name: sorted(redis.smembers(name)),
    "list": lambda redis, name: redis.lrange(name, 0, -1),
    "zset": _sorted_set,
    "stream": lambda redis, name: redis.xrange(name),
}
WRITERS: dict[str, Callable[[Any, str, Any], Any]] = {
    "string": lambda redis, name, content: redis.set(name, content),
    "hash": lambda redis, name, content: redis.hset(name, mapping=content),
    "set": lambda redis, name, content: redis.sadd(name, *content),
    "list": lambda redis, name, content: redis.rpush(name, *content),
    "zset": lambda redis, name, content: redis.zadd(name, dict(content)),
    "stream": lambda redis, name, content: [redis.xadd(name, fields, id=at) for at, fields in content],
}
