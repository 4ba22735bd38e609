"""One POST to the GraphQL endpoint, and the one place where its faults are named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.core.errors import (
    AlreadyRunning,
    ApiError,
    BoltDenied,
    BoltInvalidQuery,
    BoltLost,
    BoltNotSent,
    BoltRejected,
    BoltThrottled,
    BoltTooLarge,
    BotError,
)
from bot.core.text import cut

MESSAGE_SHOWN = 300
ERRORS_KEPT = 200
RETRY_AFTER_S = 5.0
LONGEST_RETRY_AFTER_S = 300.0

# How the servers in use name a query that does not fit them: none of it was executed.
_INVALID = (
    "cannot query field",
    "unknown argument",
    "unknown field",
    "unknown type",
    "undefined field",
    "syntax error",
    "too large",
    "too complex",
    "complexity",
    "too many aliases",
    "is not defined by type",
    "validation error",
)

Watch = Callable[[BotError | None], None]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a well-formed answer holds: both may be there at once."""

    data: Json | None
    errors: tuple[ApiError, ...]
    invalid: bool


class Transport:
    """Sends GraphQL documents over one pool of connections.

    A request takes `timeout_s` in all. An answer above `body_most` bytes is not read to its end.
    `watch` is told the outcome of each request: None, or the error.
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
    ) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._body_most = body_most
        self._watch = watch
        self._http = httpx.AsyncClient(
            headers={**headers, "Accept": "application/json"},
            timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(self, document: str, variables: Json | None = None) -> Reply:
        """Send once. Raises BoltError for everything but a well-formed GraphQL answer."""
        try:
            reply = await self._post(document, variables or {})
        except BotError as error:
            self._watch(error)
            raise
        self._watch(None)
        return reply

    async def _post(self, document: str, variables: Json) -> Reply:
        body = {"query": document, "variables": {name: value for name, value in variables.items() if value is not None}}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._http.stream("POST", self._endpoint, json=body) as response,
            ):
                content = await self._read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise BoltNotSent from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise BoltLost from error
        return _reply(response, content)

    async def _read(self, response: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._body_most:
                raise BoltTooLarge(self._body_most)
            parts.append(part)
        return b"".join(parts)


def _reply(response: httpx.Response, content: bytes) -> Reply:
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise BoltThrottled(_retry_after(response.headers.get("Retry-After")))
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise BoltDenied
    if response.is_server_error:
        raise BoltLost
    reply = _graphql(content)
    if reply is not None and (reply.errors or response.is_success):
        return reply
    if response.is_success:
        raise BoltLost("Bolt answered something that is not GraphQL; a proxy may stand in between.")
    raise BoltRejected((ApiError(f"Bolt answered with HTTP status {status}."),))


def _graphql(content: bytes) -> Reply | None:
    """The answer, None where it is no GraphQL."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or ("data" not in body and "errors" not in body):
        return None
    data, listed = body.get("data"), body.get("errors")
    errors = tuple(_error(one) for one in listed[:ERRORS_KEPT]) if isinstance(listed, list) else ()
    if not isinstance(data, dict) and not errors:
        return None
    invalid = not isinstance(data, dict) and any(_is_invalid(one) for one in listed or [])
    return Reply(data if isinstance(data, dict) else None, errors, invalid)


def _error(one: Any) -> ApiError:
    fields = one if isinstance(one, dict) else {}
    message = fields.get("message")
    path = fields.get("path")
    steps = tuple(step for step in path if isinstance(step, (str, int))) if isinstance(path, list) else ()
    return ApiError(_words(message) if isinstance(message, str) else "Bolt gave no reason.", steps)


def _words(message: str) -> str:
    """The first line of a message, without what follows it of a stack trace."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return cut(lines[0] if lines else "Bolt gave no reason.", MESSAGE_SHOWN)


def _is_invalid(one: Any) -> bool:
    if not isinstance(one, dict) or one.get("path"):
        return False
    extensions = one.get("extensions")
    code = str(extensions.get("code", "")) if isinstance(extensions, dict) else ""
    message = str(one.get("message", "")).lower()
    return code in {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"} or any(word in message for word in _INVALID)


def rejection(reply: Reply) -> BoltRejected:
    """The error that an answer's errors come to, most specific first."""
    if any("AlreadyRunningException" in error.message for error in reply.errors):
        return AlreadyRunning(reply.errors)
    return BoltInvalidQuery(reply.errors) if reply.invalid else BoltRejected(reply.errors)


def _retry_after(value: str | None) -> float:
    """Seconds to wait, from seconds or a date, within bounds."""
    if not value:
        return RETRY_AFTER_S
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return RETRY_AFTER_S
    if seconds != seconds:  # noqa: PLR0124 - the test for NaN
        return RETRY_AFTER_S
    return min(LONGEST_RETRY_AFTER_S, max(0.5, seconds))
