"""Send a POST to the GraphQL endpoint, once, within the time that BOLT_BOT_API_TIMEOUT_S allows.

`bot.paradime.retrying` decides whether a request is repeated.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from prometheus_client import Histogram

from bot.core.model.call_outcome import call_outcome
from bot.core.model.errors import BoltNotSent, BoltOutcomeUnknown, BoltTooLarge, BotError
from bot.http_options import http_options
from bot.network_failure import host_of, through, why
from bot.paradime.classify_response import GraphqlReply, Json, parse_response
from bot.paradime.response_body import ACCEPTED, BodyTooLarge, BodyUnreadable, read_body

LONGEST_CONNECT_S = 5.0

CALLS = Histogram(
    "bolt_bot_bolt_call_duration_seconds",
    "Requests to the Bolt API, by operation and outcome: ok, refused, throttled (429), or away (no usable answer).",
    ("operation", "outcome"),
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20),
)
# Every document names its operation.
_OPERATION = re.compile(r"\s*(?:query|mutation)\s+(\w+)")

Watch = Callable[[BotError | None], None]
Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the wall-clock time in UTC."""
    return datetime.now(UTC)


class Transport:
    """Sends GraphQL documents over one connection pool.

    A request takes at most `timeout_s` in total. A response larger than `body_most` bytes isn't read to its end. `watch` is
    called with the outcome of each request: the error, or None for a success.
    """

    def __init__(
        self,
        endpoint: str,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
        body_most: int,
        watch: Watch,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Now = utc_now,
    ) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._body_most = body_most
        self._watch = watch
        self._now = now
        # How far the server's clock is ahead of ours, by the Date of its last response, or None until one has had a
        # Date.
        self.clock_ahead: timedelta | None = None
        self._http = httpx.AsyncClient(
            headers={
                **headers,
                "Accept": "application/json",
                "Accept-Encoding": ACCEPTED,
                "Content-Type": "application/json",
            },
            follow_redirects=False,
            # Waiting for a connection times out before the whole request does, because only that kind of timeout shows
            # that nothing was sent.
            timeout=httpx.Timeout(timeout_s, pool=timeout_s / 4, connect=min(LONGEST_CONNECT_S, timeout_s / 2)),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20),
            transport=transport,
            **http_options(endpoint),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(self, document: str, variables: Json | None = None) -> GraphqlReply:
        """Send once. Raises BoltError for anything but a well-formed GraphQL response."""
        began = time.monotonic()
        try:
            reply = await self._post(document, variables or {})
        except BotError as error:
            if error.cause and not error.where:
                error.where = through(self._endpoint)
            self._note(document, error, began)
            raise
        self._note(document, None, began)
        return reply

    def _note(self, document: str, error: BotError | None, began: float) -> None:
        named = _OPERATION.match(document)
        CALLS.labels(named[1] if named else "other", call_outcome(error)).observe(time.monotonic() - began)
        self._watch(error)

    async def _post(self, document: str, variables: Json) -> GraphqlReply:
        given = {name: value for name, value in variables.items() if value is not None}
        # ASCII, so that no text from a person can fail to be encoded.
        body = json.dumps({"query": document, "variables": given}).encode("ascii")
        try:
            request = self._http.build_request("POST", self._endpoint, content=body)
        except httpx.InvalidURL as error:
            raise BoltNotSent(cause=why(error), where=host_of(self._endpoint)) from error
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                aclosing(await self._http.send(request, stream=True)) as response,
            ):
                self._read_clock(response)
                content = await read_body(response, self._body_most)
        except BodyTooLarge as error:
            raise BoltTooLarge(self._body_most) from error
        except httpx.ProxyError as error:
            # The error's text is the proxy's status line.
            raise BoltNotSent(cause=f"the proxy refused ({error})", where=through(self._endpoint)) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise BoltNotSent(cause=why(error), where=through(self._endpoint)) from error
        except httpx.UnsupportedProtocol as error:
            raise BoltNotSent(cause=why(error), where=host_of(self._endpoint)) from error
        # InvalidURL comes from a redirect's address, which httpx parses although it isn't followed.
        except (BodyUnreadable, httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError) as error:
            raise BoltOutcomeUnknown(cause=why(error), where=through(self._endpoint)) from error
        is_query = document.lstrip().startswith("query")
        return parse_response(response, content, is_query=is_query, now=self._now())

    def _read_clock(self, response: httpx.Response) -> None:
        """Compare the server's clock with ours, using the middle of the second that the Date header names."""
        try:
            said = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError, TypeError):
            return
        if said.tzinfo is not None:
            self.clock_ahead = said + timedelta(seconds=0.5) - self._now()
