"""Parse REDIS_URL, for the settings and the store: one server, a primary found through Sentinels, or a cluster.

redis://, rediss:// (TLS) and unix:// name a server. redis+sentinel://host:26379,host:26379/<primary's name>[/<db>] and
redis+cluster://host:7000,host:7001 name several; rediss+sentinel and rediss+cluster do so over TLS. The user and
password in a URL are those of the data servers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

FORMS = "redis://, rediss:// (TLS), unix://, redis+sentinel:// or redis+cluster://"
# Options that an address may set. Others are refused, because redis-py would let the address override the bot's
# arguments, and `?retry_on_timeout=true` would run scripts twice.
OPTIONS = frozenset({"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"})
SENTINEL_OPTIONS = frozenset({"sentinel_username", "sentinel_password"})
SENTINEL_PORT, SERVER_PORT = 26379, 6379

Kind = Literal["server", "sentinel", "cluster"]


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """A parsed address. `hosts` has Sentinels or cluster nodes; for a single server, it's empty and `text` is used."""

    text: str = field(repr=False)
    kind: Kind
    tls: bool = False
    hosts: tuple[tuple[str, int], ...] = ()
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    primary: str = ""
    db: int = 0
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def secrets(self) -> tuple[str, ...]:
        """Return every password, as written in the address and decoded."""
        raw = urlsplit(self.text).netloc.rpartition("@")[0].partition(":")[2]
        words = [raw, self.password or "", *(value for name, value in self.options if name == "sentinel_password")]
        return tuple(dict.fromkeys(word for one in words if one for word in (one, unquote(one))))


def parse_redis_url(text: str) -> RedisUrl:
    """Parse an address. Raises ValueError, whose message says what is wrong and never quotes the address."""
    try:
        parts = urlsplit(text)
        scheme, _, form = parts.scheme.partition("+")
        if form in {"sentinel", "cluster"} and scheme in {"redis", "rediss"}:
            return _several(text, "sentinel" if form == "sentinel" else "cluster", tls=scheme == "rediss")
        fits = parts.scheme == "unix" or (
            parts.scheme in {"redis", "rediss"} and (parts.port is None or parts.port > 0)
        )
    except ValueError as error:
        raise ValueError(_about(error)) from None
    if not fits:
        raise ValueError(f"be an address that begins with {FORMS}")
    password = unquote(parts.password) if parts.password else None
    return RedisUrl(text, "server", password=password, options=_options(parts.query, OPTIONS))


class UnreadableError(ValueError):
    """Part of an address with several hosts is invalid. The message says what it should be."""


def _about(error: ValueError) -> str:
    return str(error) if isinstance(error, UnreadableError) else f"be an address that begins with {FORMS}"


def _several(text: str, kind: Kind, *, tls: bool) -> RedisUrl:
    parts = urlsplit(text)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    path = [part for part in parts.path.split("/") if part]
    primary, db = "", 0
    if kind == "sentinel":
        if not path or len(path) > 2 or (not "".join(path[1:]).isdecimal() and len(path) == 2):
            raise UnreadableError("end with the name of the primary, as in redis+sentinel://host:26379/mymaster")
        primary, db = unquote(path[0]), int(path[1]) if len(path) == 2 else 0
    elif path not in ([], ["0"]):
        raise UnreadableError("not name a database: a cluster has only one")
    default = SENTINEL_PORT if kind == "sentinel" else SERVER_PORT
    return RedisUrl(
        text,
        kind,
        tls=tls,
        hosts=tuple(_host(one, default) for one in hosts.split(",")),
        username=unquote(username) or None,
        password=unquote(password) or None,
        primary=primary,
        db=db,
        options=_options(parts.query, OPTIONS - {"db"} | (SENTINEL_OPTIONS if kind == "sentinel" else frozenset())),
    )


def _host(text: str, default: int) -> tuple[str, int]:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\],]+)(?::(\d{1,5}))?", text)
    port = int(found[2] or default) if found else 0
    if not found or not 0 < port <= 65535:
        raise UnreadableError("list its hosts, as in host:26379,host:26379")
    return found[1].strip("[]"), port


def _options(query: str, allowed: frozenset[str]) -> tuple[tuple[str, str], ...]:
    found = tuple(parse_qsl(query, keep_blank_values=True))
    if any(name not in allowed for name, _ in found):
        raise ValueError(f"have no options except {', '.join(sorted(allowed))}")
    return found
