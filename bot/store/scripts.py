"""Lua scripts: every decision that two replicas could both make runs in one of them, inside Redis."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any, cast

from prometheus_client import Histogram
from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from bot.core.model.call_outcome import CallOutcome, call_outcome
from bot.core.model.errors import BotError, StoreFault, StoreRefused, StoreUnavailable
from bot.core.model.run import FAILURE_STATES
from bot.logging import log_fault
from bot.store.redis_errors import REDIS_ERRORS, is_fault, redis_address, translate

Reply = Any
# With a shebang, a server that can't take writes refuses a script before it begins. Without it, a full server refuses
# only some commands, and only as the first write: one script could record a start that the next one can't continue.
SHEBANG = "#!lua\n"
# The files of functions that every script may call; each file comes after those that it needs.
SHARED = (
    *("basics", "lanes", "same_start", "cards", "expiry", "incidents", "notices", "day_counts", "run_lists", "runs"),
    *("queue", "audit", "gaps", "watches", "discovery_hints"),
)
# Scripts that don't count as work: they only look for work (a job makes calls of its own) or report on this process.
IDLE = frozenset({"claim_due", "claim_edit", "claim_post", "count_sockets", "next_due", "probe"})
# How often a write is tried while Redis refuses writes. Successful reads don't show that the refusal is over.
PROBE_AGAIN_S = 1.0
CALLS = Histogram(
    "bolt_bot_redis_call_duration_seconds",
    "Calls to Redis, by outcome: ok, refused (a script of the bot failed), or away (no answer, or Redis refused).",
    ("outcome",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5),
)
# Receives the outcome of each call: None, or the error.
OutcomeObserver = Callable[[BotError | None], None]


def ignore_outcome(_error: BotError | None) -> None:
    """Ignore the outcome of a call."""


class Scripts:
    """Run scripts by the hash of their text, and translate every Redis error into StoreUnavailable.

    `worked` is set by each script that may create work. After a refusal, `watch` isn't called with None until a write
    has worked again. `prefix` begins with the deployment's hash tag, so all keys are in one cluster slot.
    """

    def __init__(self, redis: Redis, name: str, *, retention_s: int, watch: OutcomeObserver | None = None) -> None:
        self.redis = redis
        self.prefix = f"{{bolt:{name}}}:"
        self.worked = asyncio.Event()
        self._retention_s = retention_s
        self._watch = watch or ignore_outcome
        self._loaded: dict[str, AsyncScript] = {}
        _texts()
        self._refused = False
        self._probe_at = 0.0

    def key(self, *parts: str) -> str:
        """Return a key of this deployment."""
        return self.prefix + ":".join(parts)

    async def run(self, script: str, *args: str | float) -> Reply:
        """Run `scripts/<script>.lua`. A script is sent once: it may not be idempotent, so a lost reply is an error."""
        try:
            return await self.ask(self._call(script, *args), f"the script {script}")
        finally:
            # Also after an error: the reply may be lost although the script has run.
            if script not in IDLE:
                self.worked.set()

    async def ask(self, call: object, what: str = "a call to Redis") -> Reply:
        """Await one call to Redis and report its outcome. Raises StoreUnavailable, StoreRefused, StoreFault."""
        reply = await self._ask(call, what)
        if self._refused:
            await self._try_again()
        else:
            self._watch(None)
        return reply

    async def probe(self) -> None:
        """Run every command that the scripts use, including writes. Raises StoreUnavailable, StoreRefused."""
        await self._ask(self._call("probe"), "the script probe")
        self._refused = False
        self._watch(None)

    def _call(self, script: str, *args: str | float) -> object:
        loaded = self._loaded.get(script)
        if loaded is None:
            loaded = self._loaded[script] = self.redis.register_script(_text(script))
        # The key passed here routes the call in a cluster; all other keys share its hash tag.
        return loaded(keys=[self.prefix], args=[self.prefix, self._retention_s, *args])

    async def _ask(self, call: object, what: str) -> Reply:
        began, cancellations = time.monotonic(), _cancellations()
        try:
            reply = await cast("Awaitable[Any]", call)
        except REDIS_ERRORS as error:
            failed = self._failure(error, what)
            CALLS.labels(call_outcome(failed)).observe(time.monotonic() - began)
            self._refused = self._refused or isinstance(failed, StoreRefused)
            # Like a successful read, a fault doesn't show that Redis accepts writes again.
            if not (self._refused and isinstance(failed, StoreFault)):
                self._watch(failed)
            raise failed from error
        CALLS.labels(CallOutcome.OK).observe(time.monotonic() - began)
        if _cancellations() > cancellations:
            # Before Python 3.12, a call that is cancelled just as it's sent swallows the cancellation
            # (asyncio.wait_for in redis-py): a task that should have ended would go on, and a timeout would never fire.
            raise asyncio.CancelledError
        return reply

    def _failure(self, error: BaseException, what: str) -> StoreUnavailable:
        where = redis_address(self.redis)
        return (
            StoreFault(log_fault(what, error), cause=f"{what} failed", where=where)
            if is_fault(error)
            else translate(error, where)
        )

    async def _try_again(self) -> None:
        """Probe whether Redis accepts writes again, at most once every PROBE_AGAIN_S seconds.

        The preceding call has succeeded either way.
        """
        now = time.monotonic()
        if now < self._probe_at:
            return
        self._probe_at = now + PROBE_AGAIN_S
        with contextlib.suppress(StoreUnavailable):
            await self.probe()


def _cancellations() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def _text(script: str) -> str:
    texts = _texts()
    return SHEBANG + _failures() + "".join(texts[f"shared/{name}"] for name in SHARED) + texts[script]


@cache
def _texts() -> Mapping[str, str]:
    """Return all scripts by name, read once: an upgrade may replace the files while the bot is running."""
    folder = resources.files("bot.store") / "scripts"
    texts = {path.name: path.read_text() for path in folder.iterdir() if path.name.endswith(".lua")}
    texts |= {f"shared/{name}.lua": (folder / "shared" / f"{name}.lua").read_text() for name in SHARED}
    return {name.removesuffix(".lua"): text for name, text in texts.items()}


def _failures() -> str:
    """Return the states that count as failures, as a Lua table used as a set. The core defines them."""
    return f"local FAILURES = {{{', '.join(f'[{state!r}] = true' for state in sorted(FAILURE_STATES))}}}\n"
