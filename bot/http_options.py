"""How the bot's own HTTP clients reach an address."""

from __future__ import annotations

from typing import Any

import httpx

from bot.proxies import proxy_for
from bot.tls import tls


def http_options(address: str) -> dict[str, Any]:
    """Return the options of an HTTP client for an address: its proxy, and the certificates that it trusts."""
    proxy = proxy_for(address)
    # httpx accepts a TLS context only for a proxy that is itself reached over TLS.
    secure = tls() if proxy and proxy.startswith("https:") else None
    return {
        "proxy": httpx.Proxy(proxy, ssl_context=secure) if proxy else None,
        "verify": tls(),
        # Otherwise, httpx would choose proxies by its own rules.
        "trust_env": False,
    }
