"""The scripts that Redis runs: every decision that two replicas could both take is made in one of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from bot.core.errors import BotError, StoreAway
from bot.store.connect import REDIS_ERRORS

Reply = Any
# Is told the outcome of each call: None, or the error.
Watch = Callable[[BotError | None], None]


def unwatched(_error: BotError | None) -> None:
    """Watch nothing."""


class Scripts:
    """Runs scripts by the hash of their text, and translates every fault of Redis into StoreAway.

    `prefix` begins with the deployment's hash tag, so that all keys lie in one slot.
    """

    def __init__(self, redis: Redis, name: str, *, retention_s: int, watch: Watch | None = None) -> None:
        self.redis = redis
        self.prefix = f"{{bolt:{name}}}:"
        self._retention_s = retention_s
        self._watch = watch or unwatched
        self._loaded: dict[str, AsyncScript] = {}

    def key(self, *parts: str) -> str:
        """A key of this deployment."""
        return self.prefix + ":".join(parts)

    async def run(self, script: str, *args: str | float) -> Reply:
        """Run `scripts/<script>.lua`. Sent once: a script may not be idempotent, so a lost reply is an error."""
        loaded = self._loaded.get(script)
        if loaded is None:
            loaded = self._loaded[script] = self.redis.register_script(_text(script))
        # The key given routes the call in a cluster; the others share its hash tag.
        return await self.ask(loaded(keys=[self.prefix], args=[self.prefix, self._retention_s, *args]))

    async def ask(self, call: object) -> Reply:
        """Await one call to Redis."""
        try:
            reply = await cast("Awaitable[Any]", call)
        except REDIS_ERRORS as error:
            away = StoreAway()
            self._watch(away)
            raise away from error
        self._watch(None)
        return reply


def _text(script: str) -> str:
    folder = resources.files("bot.store") / "scripts"
    return (folder / "prelude.lua").read_text() + (folder / f"{script}.lua").read_text()
