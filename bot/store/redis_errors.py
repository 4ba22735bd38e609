"""Translate redis-py's exceptions into StoreUnavailable and StoreRefused: cause and host, never a credential.

People read the sentences in `bot.core.views.store_unavailable`.
"""

from __future__ import annotations

import errno
import re
from typing import Any

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from bot.core.model.errors import StoreRefused, StoreUnavailable
from bot.network_failure import ERRNO, known, why

# For a cluster, redis-py also raises exceptions that aren't RedisErrors.
REDIS_ERRORS = (RedisError, RedisClusterException, OSError, TimeoutError)

# Refusals by a server that is up: the sentence for people, and the cause for operators. Matched anywhere in the text,
# because a script's error has the code inside a longer message.
_REFUSALS: tuple[tuple[str, str, str], ...] = (
    (
        r"\bOOM\b|used memory >",
        "My database (Redis) is full.",
        "it's full (OOM): used memory has reached maxmemory; raise it or free memory",
    ),
    (
        r"\bREADONLY\b|read only replica",
        "My database (Redis) is read-only.",
        "it's a read-only replica (READONLY); REDIS_URL should point at the primary",
    ),
    (
        r"\bMISCONF\b",
        "My database (Redis) can't write to its disk.",
        "it can't write to its disk (MISCONF); free disk space and check its log",
    ),
    (
        r"\bNOREPLICAS\b",
        "My database (Redis) has lost its replicas and accepts no writes.",
        "it has too few replicas to accept writes (NOREPLICAS)",
    ),
    (
        r"\bNOPERM\b|no permissions to|user executing the script can't",
        "My database (Redis) doesn't permit me to do this.",
        "its user lacks a permission (NOPERM)",
    ),
    (
        r"EXEC without MULTI",
        "My database (Redis) doesn't permit me to do this.",
        "its user lacks a permission (NOPERM): it isn't allowed to run MULTI",
    ),
    (
        r"unknown (?:redis )?command",
        "My database (Redis) lacks a command that I need.",
        "it lacks a command that the bot needs",
    ),
)
WORD = r"[\w|]+"
_UNREACHABLE: tuple[tuple[str, str], ...] = (
    (r"\bMASTERDOWN\b", "it's a replica that has lost its primary (MASTERDOWN)"),
    (r"\bLOADING\b|loading the dataset", "it's loading its data (LOADING)"),
    (r"\bCLUSTERDOWN\b", "the cluster is down (CLUSTERDOWN)"),
    (r"no master found", "no Sentinel knows a primary by that name"),
    (r"cannot be connected", "none of the cluster's nodes can be reached"),
    (r"protected mode", "it's in protected mode, in which only its own machine may connect without a password"),
    (r"DB index is out of range|invalid DB index", "it has no database with the number in REDIS_URL"),
    (r"protocol error", "the server there isn't Redis"),
    (r"max number of clients", "it has reached its maximum number of clients"),
)
# A command or a line of a script that can't work, whatever state the server is in.
_FAULT = re.compile(r"\buser_script:\d+|\bWRONGTYPE\b")
# Errors that a script may get because a cluster is changing, or because an operator killed it.
_NO_FAULT = re.compile(r"cluster is down|slot not served|non local key|killed by user", re.IGNORECASE)
_FILES = {
    ERRNO[errno.ENOENT]: "a file named in REDIS_URL's options doesn't exist",
    ERRNO[errno.EACCES]: "a file named in REDIS_URL's options can't be read",
}


def translate(error: BaseException, where: str = "") -> StoreUnavailable:
    """Translate a redis-py exception into our error. `where` is the server's host and port."""
    text = _text(error)
    if refused_login(error):
        return StoreRefused("My database (Redis) refuses my password.", cause=_login(text), where=where)
    for pattern, sentence, cause in _REFUSALS:
        if re.search(pattern, text, re.IGNORECASE):
            return StoreRefused(sentence, cause=cause + _permission(text), where=where)
    cause = _unreachable(error, text)
    # An error about a file is about the socket only if Redis listens on a Unix socket. Otherwise, it's a file for TLS.
    if cause in _FILES and not where.startswith("/"):
        cause = _FILES[cause]
    return StoreUnavailable(cause=cause, where=where)


def is_fault(error: BaseException) -> bool:
    """Whether one of the bot's own scripts or commands is to blame, rather than the server."""
    text = _text(error)
    others = (pattern for pattern, *_ in (*_REFUSALS, *_UNREACHABLE))
    return (
        isinstance(error, ResponseError)
        and _FAULT.search(text) is not None
        and _NO_FAULT.search(text) is None
        and not any(re.search(pattern, text, re.IGNORECASE) for pattern in others)
    )


def refused_login(error: BaseException) -> bool:
    """Whether Redis rejects the username or the password."""
    signs = ("wrongpass", "noauth", "invalid username-password", "authentication required", "invalid password")
    return isinstance(error, (AuthenticationError, AuthorizationError)) or any(
        sign in _text(error).lower() for sign in signs
    )


def _login(text: str) -> str:
    if "noauth" in text.lower() or "authentication required" in text.lower():
        return "it requires a password, but REDIS_URL has none"
    if "without any password" in text or "no password is set" in text:
        return "it has no password, but REDIS_URL has one"
    return "it rejects the username or the password in REDIS_URL"


def redis_address(client: Any) -> str:  # noqa: ANN401 - redis-py's three kinds of client share no class
    """Return a client's host and port, comma-separated for Sentinels or cluster nodes.

    Never includes the user or the password.
    """
    pool = getattr(client, "connection_pool", None)
    manager = getattr(pool, "sentinel_manager", None)
    if manager is not None:
        return ", ".join(redis_address(sentinel) for sentinel in manager.sentinels)
    if pool is not None:
        given = pool.connection_kwargs
        return str(given.get("path") or f"{given.get('host', 'localhost')}:{given.get('port', 6379)}")
    nodes = getattr(getattr(client, "nodes_manager", None), "startup_nodes", {})
    return ", ".join(f"{node.host}:{node.port}" for node in nodes.values())


def _permission(text: str) -> str:
    """Describe which command or key the user lacks permission for, as far as the server says."""
    commands = re.search(r"permissions to run the ((?:'[\w|]+'(?:, )?)+)", text)
    if commands:
        return f": it isn't allowed to run {', '.join(re.findall(WORD, commands[1])).upper()}"
    if re.search(r"permissions to access|can't access at least one of the keys", text):
        return ": it isn't allowed to use the keys of this deployment"
    if "can't run this command" in text:
        return ": it isn't allowed to run a command that the scripts use"
    unknown = re.search(r"unknown command '?`?(?!called from)([\w|]+)", text)
    return f" ({unknown[1].upper()})" if unknown else ""


def _unreachable(error: BaseException, text: str) -> str:
    for pattern, cause in _UNREACHABLE:
        if re.search(pattern, text, re.IGNORECASE):
            return cause
    closed = re.search(r"connection (closed|lost)|closed by server|incompleteread", text, re.IGNORECASE)
    return known(error) or ("the connection was closed" if closed else why(error))


def _text(error: BaseException) -> str:
    """Return the messages of an error and its causes, with the server's error code, which redis-py strips."""
    parts: list[str] = []
    one: BaseException | None = error
    while one is not None and len(parts) < 16:
        parts += [str(getattr(one, "status_code", None) or ""), str(one)]
        one = one.__cause__ or one.__context__
    return " ".join(parts)
