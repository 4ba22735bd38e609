"""Check that addresses from payloads and answers are Slack's; no others are followed."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

# Slack, and Slack for the United States government (GovSlack).
DOMAINS = ("slack.com", "slack-gov.com")
RESPONSE_HOSTS = frozenset(f"hooks.{domain}" for domain in DOMAINS)
PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
# The protocol of the sockets for each protocol of the API's address.
SOCKETS = {"https": "wss", "http": "ws"}


class SlackAddresses:
    """Allowed addresses: Slack's hosts over TLS, and the configured API's host and port (a proxy, or the sandbox)."""

    def __init__(self, api_url: str) -> None:
        api = urlsplit(api_url)
        self._scheme = api.scheme
        self._api = _host_and_port(api)

    def allows_response(self, url: str) -> bool:
        """Whether a reply to a person may be posted to this address."""
        return self._fits(url, "https", RESPONSE_HOSTS)

    def allows_upload(self, url: str) -> bool:
        """Whether a file's bytes may be posted to this address."""
        return self._fits(url, "https", None)

    def allows_socket(self, url: str) -> bool:
        """Whether a socket may be opened at this address.

        The configured API returns the address, and may use another port for sockets.
        """
        return self._fits(url, "wss", None, any_port=True)

    def _fits(self, url: str, scheme: str, hosts: frozenset[str] | None, *, any_port: bool = False) -> bool:
        """Check an address. If `hosts` is None, any host of Slack fits. `any_port`: any port of the API's host fits."""
        try:
            parts = urlsplit(url)
            host, port = _host_and_port(parts)
        except ValueError:
            return False
        if not host or "@" in parts.netloc or not url.isascii() or not url.isprintable():
            return False
        own = SOCKETS[self._scheme] if scheme == "wss" else self._scheme
        if (host, self._api[1] if any_port else port) == self._api and parts.scheme in {own, scheme}:
            return True
        slacks = host in hosts if hosts is not None else host.endswith(tuple(f".{one}" for one in DOMAINS))
        return parts.scheme == scheme and port == PORTS[scheme] and slacks


def _host_and_port(parts: SplitResult) -> tuple[str, int | None]:
    """Return host and port; all loopback names count as one host. Raises ValueError."""
    host = (parts.hostname or "").lower()
    return ("localhost" if _is_loopback(host) else host), parts.port or PORTS.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
