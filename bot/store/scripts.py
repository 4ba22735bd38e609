"""The scripts that Redis runs: every decision that two replicas could both take is made in one of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from bot.core.model.errors import BotError, StoreRefused, StoreUnavailable
from bot.core.model.run import FAILURE_STATES
from bot.store.redis_errors import REDIS_ERRORS, place, translate

Reply = Any
# With it a server that can't take writes refuses a script before it has begun. Without it a full server refuses only some
# commands and only as the first write, so that one script would record a start that the next one can't carry on.
SHEBANG = "#!lua\n"
# While Redis refuses writes, one is tried this often: reads that work don't mean that it's over.
PROBE_AGAIN_S = 1.0
# Is told the outcome of each call: None, or the error.
OutcomeObserver = Callable[[BotError | None], None]


def ignore_outcome(_error: BotError | None) -> None:
    """Watch nothing."""


class Scripts:
    """Runs scripts by the hash of their text, and translates every fault of Redis into StoreUnavailable or StoreRefused.

    `watch` hears of no recovery from a refusal until a write has worked again. `prefix` begins with the deployment's hash tag, so that all keys lie in one slot.
    """

    def __init__(self, redis: Redis, name: str, *, retention_s: int, watch: OutcomeObserver | None = None) -> None:
        self.redis = redis
        self.prefix = f"{{bolt:{name}}}:"
        self._retention_s = retention_s
        self._watch = watch or ignore_outcome
        self._loaded: dict[str, AsyncScript] = {}
        self._refused = False
        self._probe_at = 0.0

    def key(self, *parts: str) -> str:
        """A key of this deployment."""
        return self.prefix + ":".join(parts)

    async def run(self, script: str, *args: str | float) -> Reply:
        """Run `scripts/<script>.lua`. Sent once: a script may not be idempotent, so a lost reply is an error."""
        return await self.ask(self._call(script, *args))

    async def ask(self, call: object) -> Reply:
        """Await one call to Redis."""
        reply = await self._ask(call)
        if self._refused:
            await self._try_again()
        else:
            self._watch(None)
        return reply

    async def probe(self) -> None:
        """Run every command that the scripts use, writes among them. Raises StoreUnavailable, StoreRefused."""
        await self._ask(self._call("probe"))
        self._refused = False
        self._watch(None)

    def _call(self, script: str, *args: str | float) -> object:
        loaded = self._loaded.get(script)
        if loaded is None:
            loaded = self._loaded[script] = self.redis.register_script(_text(script))
        # The key given routes the call in a cluster; the others share its hash tag.
        return loaded(keys=[self.prefix], args=[self.prefix, self._retention_s, *args])

    async def _ask(self, call: object) -> Reply:
        try:
            return await cast("Awaitable[Any]", call)
        except REDIS_ERRORS as error:
            away = translate(error, place(self.redis))
            self._refused = self._refused or isinstance(away, StoreRefused)
            self._watch(away)
            raise away from error

    async def _try_again(self) -> None:
        """Whether Redis takes writes again, at most once in PROBE_AGAIN_S. The call before it has worked either way."""
        now = time.monotonic()
        if now < self._probe_at:
            return
        self._probe_at = now + PROBE_AGAIN_S
        with contextlib.suppress(StoreUnavailable):
            await self.probe()


def _text(script: str) -> str:
    folder = resources.files("bot.store") / "scripts"
    parts = (folder / "prelude.lua", folder / f"{script}.lua")
    return SHEBANG + _failures() + "".join(part.read_text() for part in parts)


def _failures() -> str:
    """The states whose ends are told as failures, as a set in Lua: the core is where they are named."""
    return f"local FAILURES = {{{', '.join(f'[{state!r}] = true' for state in sorted(FAILURE_STATES))}}}\n"
