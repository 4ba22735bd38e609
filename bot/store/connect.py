"""The connection to Redis, and whether the server at its other end will do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from bot.core.errors import StoreAway, StoreUnfit

SOCKET_TIMEOUT_S = 2.0
HEALTH_CHECK_S = 15
OLDEST = (7, 0)
# What an address may set beside host, user, password and database. The rest is decided here: redis-py lets the address
# overrule the arguments, and `?retry_on_timeout=true` would run scripts twice.
ADDRESS_OPTIONS = frozenset(
    {"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"}
)


def connect(url: str, *, timeout_s: float = SOCKET_TIMEOUT_S) -> Redis:
    """A client for redis://, rediss:// (TLS) and unix:// addresses; it connects when it is first used.

    Nothing is sent twice: redis-py's own retries would run a script again after a lost reply. A call fails after
    `timeout_s` seconds, so a blocking read needs a client of its own. Replies are text. Raises StoreUnfit for an
    address that cannot be read.
    """
    try:
        return Redis.from_url(
            _checked(url),
            decode_responses=True,
            # RESP2: the oldest server and the newest answer in the same shapes, and no message comes unasked.
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            retry_on_timeout=False,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            health_check_interval=HEALTH_CHECK_S,
        )
    except (ValueError, TypeError):
        # The original message may quote the address, and with it the password.
        raise StoreUnfit("REDIS_URL cannot be read: it should look like redis://host:6379/0.") from None


def _checked(url: str) -> str:
    for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        if name not in ADDRESS_OPTIONS:
            allowed = ", ".join(sorted(ADDRESS_OPTIONS))
            raise StoreUnfit(f"REDIS_URL has an option that is not supported; these are: {allowed}.")
    return url


async def check(client: Redis) -> tuple[str, ...]:
    """Whether this server will do; the answer is a sentence for each thing that the operator should know.

    Raises StoreAway where it does not answer, and StoreUnfit where it is too old, would evict keys, refuses the
    credentials or takes no writes.
    """
    facts = await _facts(client)
    _refuse_old(facts)
    if facts.get("role") in {"slave", "replica"}:
        raise StoreUnfit("REDIS_URL names a replica, which takes no writes: name the primary.")
    policy = facts.get("maxmemory_policy")
    if policy not in {None, "noeviction"}:
        raise StoreUnfit(f"Redis has maxmemory-policy {policy}, which drops records: set it to noeviction.")
    return tuple(_warnings(facts))


async def _facts(client: Redis) -> dict[str, Any]:
    try:
        await client.ping()
        facts = await _permitted(client.info)
        if "maxmemory_policy" not in facts:
            read = await _permitted(lambda: client.config_get("maxmemory-policy"))
            facts["maxmemory_policy"] = read.get("maxmemory-policy")
    except (AuthenticationError, AuthorizationError):
        raise StoreUnfit("Redis refuses the user or the password of REDIS_URL.") from None
    except (RedisError, OSError) as error:
        # Not chained: the original may name host, user and password.
        raise StoreAway(f"Redis does not answer ({_reason(error)}).") from None
    return facts


async def _permitted(ask: Any) -> dict[str, Any]:  # noqa: ANN401 - redis-py's replies are untyped
    """A reply, or nothing where this user may not ask or the provider has taken the command away."""
    try:
        return dict(await ask())
    except (NoPermissionError, ResponseError) as error:
        if isinstance(error, (AuthenticationError, AuthorizationError)):
            raise
        return {}


def _refuse_old(facts: Mapping[str, Any]) -> None:
    version = str(facts.get("redis_version", ""))
    found = re.match(r"(\d+)\.(\d+)", version)
    # Valkey calls itself Redis 7.2.4 or later here, so one comparison serves both.
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise StoreUnfit(f"Redis is version {version}: 7.0 is the oldest that works.")


def _warnings(facts: Mapping[str, Any]) -> list[str]:
    warnings = []
    if "redis_version" not in facts:
        warnings.append("Redis does not tell its version (INFO is not permitted): it should be 7.0 or later.")
    if facts.get("maxmemory_policy") is None:
        warnings.append("Redis does not tell its maxmemory-policy: it should be noeviction.")
    if facts.get("aof_enabled") == 0:
        warnings.append("Redis has its append-only file off: its crash loses what was written since its last snapshot.")
    return warnings


def _reason(error: Exception) -> str:
    """Why it does not answer, in words that hold no address: redis-py's own may name host, user and password."""
    cause = error.__cause__ or error.__context__
    text = f"{type(cause).__name__} {cause} {error}".lower()
    known = {
        "refused": "the connection was refused",
        "certificate": "its certificate was not accepted",
        "wrong version number": "it does not speak TLS",
        "name or service": "its host is not known",
        "no such file": "there is no such socket",
        "loading": "it is loading its data",
        "timeout": "it took too long",
    }
    return next((words for sign, words in known.items() if sign in text), type(error).__name__)
