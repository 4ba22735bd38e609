"""Download a file from a short-lived address that Bolt returned, without sending any of our credentials.

`bot.flows.dbt_results` and `bot.flows.read_requested_file` limit the size.
"""

from __future__ import annotations

import asyncio
import ipaddress
from urllib.parse import SplitResult, urlsplit

import httpx

from bot.core.model.errors import BoltNotSent, BoltOutcomeUnknown, BoltTooLarge, DownloadRefused
from bot.http_options import http_options
from bot.paradime.response_body import ACCEPTED, BodyTooLarge, BodyUnreadable, read_body
from bot.proxies import proxy_for

EXPIRED = frozenset({400, 401, 403, 404, 410})


class Downloader:
    """Implements the flows' `Downloads` port. A download takes at most `timeout_s` in total.

    Addresses must be https. Plain http is allowed only if both `endpoint` (the API's own) and the file are on this
    machine, as in the sandbox. Redirects aren't followed, because they could lead into our own network.
    """

    def __init__(
        self, endpoint: str, *, timeout_s: float = 20, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._is_local = _is_loopback(urlsplit(endpoint))
        self._transport = transport
        # Clients by proxy; the key None is for direct connections.
        self._clients: dict[str | None, httpx.AsyncClient] = {}

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()

    def _client(self, url: str) -> httpx.AsyncClient:
        proxy = proxy_for(url)
        if proxy not in self._clients:
            self._clients[proxy] = httpx.AsyncClient(
                timeout=httpx.Timeout(self._timeout_s, connect=min(5.0, self._timeout_s / 2)),
                limits=httpx.Limits(max_connections=4),
                headers={"Accept-Encoding": ACCEPTED},
                follow_redirects=False,
                transport=self._transport,
                **http_options(url),
            )
        return self._clients[proxy]

    async def fetch(self, url: str, *, most: int) -> bytes:
        """Download a file.

        Raises BoltTooLarge above `most` bytes, DownloadRefused, BoltNotSent and BoltOutcomeUnknown.
        """
        self._check(url)
        # Exceptions raised here may contain the address, which must not be logged: hence `from None`.
        try:
            async with asyncio.timeout(self._timeout_s), self._client(url).stream("GET", url) as response:
                return await _read(response, most)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            raise BoltNotSent("Bolt's storage can't be reached.") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError):
            raise DownloadRefused("Bolt returned an address that I can't download from.") from None
        except BodyTooLarge:
            raise BoltTooLarge(most) from None
        except (BodyUnreadable, httpx.HTTPError, TimeoutError, OSError):
            raise BoltOutcomeUnknown("Bolt's storage didn't return the file in time.") from None

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            fits = bool(parts.hostname) and parts.username is None and (parts.port is None or parts.port > 0)
        except ValueError:
            raise DownloadRefused("Bolt returned an address that I can't download from.") from None
        if not fits or not (
            parts.scheme == "https" or (self._is_local and parts.scheme == "http" and _is_loopback(parts))
        ):
            raise DownloadRefused("Bolt returned an address that isn't https, so I didn't download from it.")


async def _read(response: httpx.Response, most: int) -> bytes:
    if response.status_code in EXPIRED:
        raise DownloadRefused(f"Bolt's storage refused the address ({response.status_code}); it may have expired.")
    if response.is_redirect:
        raise DownloadRefused("Bolt's storage redirected me, and I don't follow redirects.")
    if response.status_code != 200:
        raise BoltOutcomeUnknown(f"Bolt's storage answered with {response.status_code}.")
    told = response.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > most:
        raise BoltTooLarge(most)
    return await read_body(response, most)


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
