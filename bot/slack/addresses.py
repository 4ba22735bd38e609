"""Which addresses are Slack's: what comes in a payload or an answer is not followed anywhere else."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

# Slack, and the one of the United States' government.
DOMAINS = ("slack.com", "slack-gov.com")
RESPONSE_HOSTS = frozenset(f"hooks.{domain}" for domain in DOMAINS)
PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
# The protocol of the API's own address and of its sockets.
SOCKETS = {"https": "wss", "http": "ws"}


class SlackAddresses:
    """Slack's own hosts over TLS, and the host and port of the API that is configured: a proxy, or the sandbox."""

    def __init__(self, api_url: str) -> None:
        api = urlsplit(api_url)
        self._scheme = api.scheme
        self._api = _place(api)

    def allows_response(self, url: str) -> bool:
        """Whether an answer to a person may be posted there."""
        return self._fits(url, "https", RESPONSE_HOSTS)

    def allows_upload(self, url: str) -> bool:
        """Whether a file's bytes may be posted there."""
        return self._fits(url, "https", None)

    def allows_socket(self, url: str) -> bool:
        """Whether a socket may be opened there. The configured API itself names it, and may have sockets at another port."""
        return self._fits(url, "wss", None, any_port=True)

    def _fits(self, url: str, scheme: str, hosts: frozenset[str] | None, *, any_port: bool = False) -> bool:
        """`hosts` None: any of Slack's. `any_port`: of the configured API's host."""
        try:
            parts = urlsplit(url)
            host, port = _place(parts)
        except ValueError:
            return False
        if not host or "@" in parts.netloc or not url.isascii() or not url.isprintable():
            return False
        own = SOCKETS[self._scheme] if scheme == "wss" else self._scheme
        if (host, self._api[1] if any_port else port) == self._api and parts.scheme in {own, scheme}:
            return True
        slacks = host in hosts if hosts is not None else host.endswith(tuple(f".{one}" for one in DOMAINS))
        return parts.scheme == scheme and port == PORTS[scheme] and slacks


def _place(parts: SplitResult) -> tuple[str, int | None]:
    """Host and port. This machine's names for itself are one. Raises ValueError."""
    host = (parts.hostname or "").lower()
    return ("localhost" if _is_loopback(host) else host), parts.port or PORTS.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
