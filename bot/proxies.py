"""The proxy that a request goes through, according to the variables that most programs use.

This module decides for all of the bot's clients, because each would decide differently: slack_sdk ignores NO_PROXY, and
neither httpx nor aiohttp understands ports and networks in it.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

# The lowercase form takes precedence, as in curl.
PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
NO_PROXY_VARIABLES = ("no_proxy", "NO_PROXY")
SCHEMES = {"https": "https", "wss": "https", "http": "http", "ws": "http"}
PORTS = {"https": 443, "http": 80}


def proxy_for(address: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of the proxy for a URL, or None if it should be reached directly."""
    try:
        parts = urlsplit(address)
        host, scheme, port = parts.hostname or "", SCHEMES.get(parts.scheme, ""), parts.port
    except ValueError:
        return None
    proxy = _first(environment, f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    if not host or not scheme or not proxy:
        return None
    if any(_matches(entry, host, port or PORTS[scheme]) for entry in _exceptions(environment)):
        return None
    return _with_scheme(proxy)


def proxy_faults(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for each proxy that can't be used, without quoting its value, which may contain a password."""
    what = "should be an address that begins with http:// or https://, as in http://proxy.example.com:3128"
    return tuple(f"{name} {what}" for name, proxy in _proxies(environment) if not _is_usable(proxy))


def proxy_passwords(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the passwords in proxies' addresses, as written and decoded."""
    found = []
    for _, proxy in _proxies(environment):
        try:
            password = urlsplit(_with_scheme(proxy)).password
        except ValueError:
            password = None
        found += [password, unquote(password)] if password else []
    return tuple(dict.fromkeys(found))


def _proxies(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name in PROXY_VARIABLES if (value := _first(environment, name)))


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((value for name in names if (value := environment.get(name, "").strip())), "")


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_usable(proxy: str) -> bool:
    try:
        parts = urlsplit(_with_scheme(proxy))
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and " " not in proxy
    except ValueError:
        return False


def _exceptions(environment: Mapping[str, str]) -> list[str]:
    return [entry for entry in re.split(r"[\s,]+", _first(environment, *NO_PROXY_VARIABLES)) if entry]


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY covers a host: a name with all names below it, an address, or a network."""
    if entry == "*":
        return True
    name, only = _split_port(entry.lower())
    if only is not None and only != port:
        return False
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(name, strict=False)
        except ValueError:
            return False
    name = name.removeprefix("*").strip(".")
    plain = host.rstrip(".")
    return bool(name) and (plain == name or plain.endswith(f".{name}"))


def _split_port(entry: str) -> tuple[str, int | None]:
    """Split an entry's port from its host. An IPv6 address can have a port only if it's in brackets."""
    if found := re.fullmatch(r"\[([^\]]*)\](?::(\d{1,5}))?|([^:]+):(\d{1,5})", entry):
        digits = found[2] or found[4]
        return found[1] or found[3] or "", int(digits) if digits else None
    return entry, None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
