"""How the bot's own HTTP clients reach an address."""

from __future__ import annotations

from typing import Any

import httpx

from bot.proxies import proxy_for
from bot.tls import tls


def http_options(address: str) -> dict[str, Any]:
    """Return the options of an HTTP client for an address: the proxy that the environment sets, and whom it trusts."""
    proxy = proxy_for(address)
    # Only a proxy that is itself reached by TLS may have a context.
    secure = tls() if proxy and proxy.startswith("https:") else None
    return {
        "proxy": httpx.Proxy(proxy, ssl_context=secure) if proxy else None,
        "verify": tls(),
        # It would decide about proxies by itself.
        "trust_env": False,
    }
