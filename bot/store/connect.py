"""Connect to Redis, and check that the server is fit for use.

`bot.store.fitness` decides which servers are fit.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, cast

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, ResponseError

from bot.core.model.errors import StoreRefused, StoreUnavailable, StoreUnfit
from bot.network_failure import ERRNO
from bot.redis_url import RedisUrl, parse_redis_url
from bot.store.fitness import server_faults
from bot.store.redis_errors import REDIS_ERRORS, redis_address, refused_login, translate
from bot.store.scripts import Scripts
from bot.store.tls_mismatch import tls_mismatch

SOCKET_TIMEOUT_S = 2.0
HEALTH_CHECK_S = 15
# Causes that may hide a TLS mismatch.
UNSAID = {"the connection was closed", "it timed out", ERRNO[errno.ECONNRESET], ERRNO[errno.EPIPE]}
# Settings of the server that INFO doesn't always report, and their names among the facts.
CONFIG_FACTS = {"maxmemory-policy": "maxmemory_policy", "appendfsync": "appendfsync"}


def connect(url: str, *, timeout_s: float = SOCKET_TIMEOUT_S) -> Redis:
    """Return a client for any form of REDIS_URL. The client connects on first use.

    Nothing is sent twice: redis-py's own retries would run a script again after a lost reply. Resending a command that
    wasn't executed (a cluster's MOVED, looking up the primary again) isn't a repeat. A call fails after `timeout_s`
    seconds, so a blocking read needs a client of its own. Replies are text. Raises StoreUnfit if the address can't be
    parsed.
    """
    try:
        address = parse_redis_url(url)
    except ValueError as error:
        raise StoreUnfit(f"REDIS_URL can't be read: it should {error}.") from None
    common: dict[str, Any] = {
        "decode_responses": True,
        # With RESP2, the oldest and the newest servers reply in the same shapes, and never push messages.
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "health_check_interval": HEALTH_CHECK_S,
        # Without it, each connection looks up redis-py's version in its installed files.
        "driver_info": DriverInfo(),
    }
    try:
        if address.kind == "server":
            return Redis.from_url(url, retry_on_timeout=False, **common)
        common |= {"username": address.username, "password": address.password, **_tls(address)}
        return _cluster(address, common) if address.kind == "cluster" else _sentinel(address, common, timeout_s)
    except (ValueError, TypeError):
        # The original message may quote the address, including its password.
        raise StoreUnfit("REDIS_URL can't be read: it should look like redis://host:6379/0.") from None


def _tls(address: RedisUrl) -> dict[str, Any]:
    if not address.tls:
        return {}
    found: dict[str, Any] = {name: value for name, value in address.options if name.startswith("ssl_")}
    if "ssl_check_hostname" in found:
        found["ssl_check_hostname"] = found["ssl_check_hostname"].lower() in {"1", "true", "yes"}
    return {"ssl": True, **found}


def _cluster(address: RedisUrl, common: dict[str, Any]) -> Redis:
    nodes = [ClusterNode(host, port) for host, port in address.hosts]
    # All keys are in one slot, so the bot uses only what a single server offers too.
    return cast("Redis", RedisCluster(startup_nodes=nodes, **common))


def _sentinel(address: RedisUrl, common: dict[str, Any], timeout_s: float) -> Redis:
    options = dict(address.options)
    asking = {
        "username": options.get("sentinel_username"),
        "password": options.get("sentinel_password"),
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        **_tls(address),
    }
    sentinel = Sentinel(list(address.hosts), sentinel_kwargs=asking)  # type: ignore[no-untyped-call]  # redis-py
    return cast("Redis", sentinel.master_for(address.primary, db=address.db, **common))


async def close(client: Redis) -> None:
    """Close a client's connections, including those to Sentinels."""
    await client.aclose()
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    for sentinel in manager.sentinels if manager is not None else ():
        await sentinel.aclose()


async def check(client: Redis, name: str = "bolt") -> tuple[str, ...]:
    """Check that the server that holds a deployment's keys is fit for use.

    Returns warnings for the operator, one sentence each.

    Raises StoreUnavailable if it doesn't answer, and StoreUnfit if it's too old, would evict keys, refuses the
    credentials, or refuses any command that the scripts use because it's full, is a replica, can't save, or lacks a
    permission.
    """
    facts = await server_facts(client, name)
    found = server_faults(facts)
    for fault in found:
        if fault.is_fatal:
            raise StoreUnfit(f"{fault.sentence} {fault.fix}")
    try:
        await try_commands(client, name)
    except StoreRefused as refused:
        raise StoreUnfit(f"Redis can't be used as it is: {refused.detail}.") from None
    except StoreUnavailable as away:
        raise StoreUnavailable(_away(away), cause=away.cause, where=away.where) from None
    return tuple(fault.sentence for fault in found)


async def try_commands(client: Redis, name: str) -> None:
    """Run every command that the bot uses, on keys of this deployment. Raises StoreUnavailable, StoreRefused."""
    scripts = Scripts(client, name, retention_s=1)
    await scripts.probe()
    pipeline = client.pipeline(transaction=True)
    pipeline.exists(scripts.key("probe"))
    await scripts.ask(pipeline.execute())


def _away(away: StoreUnavailable) -> str:
    return f"Redis doesn't answer ({away.detail})."


async def server_facts(client: Redis, name: str) -> Mapping[str, Any]:
    """Return what INFO and CONFIG say about the server that holds a deployment's keys, as far as our user may ask.

    Raises StoreUnavailable if it doesn't answer, and StoreUnfit if it refuses the credentials.
    """
    try:
        where = await _where(client, f"{{bolt:{name}}}:")
        await client.ping(**where)
        facts = await _permitted(lambda: client.info(**where))
        for setting, fact in CONFIG_FACTS.items():
            if fact not in facts:
                told = await _permitted(lambda name=setting: client.config_get(name, **where))
                facts[fact] = told.get(setting)
    except REDIS_ERRORS as error:
        # Not chained: the original message may contain the user and the password.
        away = translate(error, redis_address(client))
        if refused_login(error):
            raise StoreUnfit(
                "Redis rejects the username or the password in REDIS_URL.", cause=away.cause, where=away.where
            ) from None
        if isinstance(away, StoreRefused):
            raise StoreUnfit(
                f"Redis can't be used as it is: {away.detail}.", cause=away.cause, where=away.where
            ) from None
        if away.cause in UNSAID:
            away = StoreUnavailable(cause=await tls_mismatch(client) or away.cause, where=away.where)
        raise StoreUnavailable(_away(away), cause=away.cause, where=away.where) from None
    return facts


async def _where(client: Redis, key: str) -> dict[str, Any]:
    """Return the keyword argument that selects the cluster node with this key, or nothing for a single server."""
    if not isinstance(client, RedisCluster):
        return {}
    await client.initialize()
    return {"target_nodes": client.get_node_from_key(key)}


async def _permitted(ask: Any) -> dict[str, Any]:  # noqa: ANN401 - redis-py's replies are untyped
    """Return a reply, or {} if this user lacks the permission or the provider has removed the command."""
    try:
        return dict(await ask())
    except (NoPermissionError, ResponseError) as error:
        if isinstance(error, (AuthenticationError, AuthorizationError)):
            raise
        return {}
