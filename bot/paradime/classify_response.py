"""Parse HTTP responses: well-formed GraphQL, or one of the core's errors.

`bot.paradime.retrying` decides which of these errors is retried.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.core.model.errors import (
    AlreadyRunning,
    ApiError,
    BoltDenied,
    BoltInvalidQuery,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
)
from bot.core.text.text import cut

Json = dict[str, Any]

MESSAGE_SHOWN = 300
ERRORS_KEPT = 200
RETRY_AFTER_S = 5.0
SHORTEST_RETRY_AFTER_S = 1.0
LONGEST_RETRY_AFTER_S = 300.0
DENIAL_READ = 4096
EXPIRED = "the API key has expired"
NO_REASON = "Bolt gave no reason."
TOO_LARGE = "Bolt says the request is too large."

# Beginnings of the messages in which common servers say that a query doesn't match their schema. Nothing after the
# beginning is matched, because a message may quote what a person typed.
_MISFIT = re.compile(
    r"""(?:[a-z ]*error[a-z ]*:\ )?
    (?: cannot\ query\ field | unknown\ (?:field\ )?argument | unknown\ field | unknown\ type | undefined\ field
      | syntax\ error | validation\ error\ (?:\(|of\ type)
      | field\ ["'`]?\w+["'`]?\ is\ not\ defined\ by\ type
      | the\ (?:argument|field)\ ["'`]?\w+["'`]?\ does\ not\ exist
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_MISFIT_CODES = frozenset({"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"})
_OVERSIZE = re.compile(
    r"too (?:large|complex|deep|expensive)|too many (?:aliases|fields)|complexity|query (?:cost|depth)"
    r"|more than \d|exceeds? (?:the |a )?(?:max|limit)",
    re.IGNORECASE,
)

_RUNNING = "AlreadyRunningException"


@dataclass(frozen=True, slots=True)
class GraphqlReply:
    """A well-formed response. Data and errors may both be present.

    `invalid`: the query doesn't match this backend's schema or is too large for it, and nothing was executed.
    `running`: an error says that the schedule is already running.
    """

    data: Json | None
    errors: tuple[ApiError, ...] = ()
    invalid: bool = False
    running: bool = False


def parse_response(response: httpx.Response, content: bytes, *, is_query: bool, now: datetime) -> GraphqlReply:
    """Parse a complete response. `now` is for a Retry-After date. Raises BoltError for anything but GraphQL."""
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise BoltThrottled(retry_after_s(response.headers.get("Retry-After"), now))
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise BoltDenied(cause=_denial(content, status))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise BoltOutcomeUnknown(cause=f"HTTP status {status}")
    reply = _graphql(content, is_query=is_query, is_bad_request=status == httpx.codes.BAD_REQUEST)
    if reply is not None and (reply.errors or response.is_success):
        return reply
    if response.is_success:
        raise BoltOutcomeUnknown(
            "Bolt's response isn't GraphQL. There may be a proxy in between.", cause="its response isn't GraphQL"
        )
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return GraphqlReply(None, (ApiError(TOO_LARGE),), invalid=is_query)
    raise _refusal(response, content)


def rejection(reply: GraphqlReply) -> BoltRejected:
    """Return the exception for a response's errors, the most specific first."""
    if reply.running:
        return AlreadyRunning(reply.errors)
    return BoltInvalidQuery(reply.errors) if reply.invalid else BoltRejected(reply.errors)


def retry_after_s(value: str | None, now: datetime) -> float:
    """Return the seconds to wait from a Retry-After in seconds or as a date, within bounds; 5 if it's neither."""
    seconds = _seconds((value or "").strip(), now)
    return min(LONGEST_RETRY_AFTER_S, max(SHORTEST_RETRY_AFTER_S, seconds))


def _seconds(value: str, now: datetime) -> float:
    if re.fullmatch(r"\d{1,15}(\.\d*)?", value, re.ASCII):
        return float(value)
    try:
        return (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return RETRY_AFTER_S


def _graphql(content: bytes, *, is_query: bool, is_bad_request: bool) -> GraphqlReply | None:
    """Parse the body. Returns None if it isn't a GraphQL response."""
    try:
        body = json.loads(content)
        if b"\\ud" in content or b"\\uD" in content:
            body = _mended(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    data, listed = body.get("data"), body.get("errors")
    listed = listed[:ERRORS_KEPT] if isinstance(listed, list) else []
    if not isinstance(data, dict) and not listed:
        return None
    if not isinstance(data, dict):
        data = None
    errors = tuple(map(_error, listed))
    # An error with a path comes from execution.
    executed = data is not None or any(error.path for error in errors)
    # A mutation may be sent again in another spelling, so only the server's explicit statement counts for it.
    invalid = (is_bad_request and is_query) or any(_is_invalid(one, is_query=is_query) for one in listed)
    return GraphqlReply(
        data, errors, invalid=invalid and not executed, running=any(_RUNNING in _message(one) for one in listed)
    )


def _mended(value: object) -> object:
    """Replace lone surrogates, which remain if a server truncates a text in the middle of an emoji."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(one) for name, one in value.items()}
    return value


def _message(one: object) -> str:
    message = one.get("message") if isinstance(one, dict) else one
    return message if isinstance(message, str) else ""


def _error(one: object) -> ApiError:
    path = one.get("path") if isinstance(one, dict) else None
    steps = tuple(step for step in path if isinstance(step, (str, int))) if isinstance(path, list) else ()
    return ApiError(error_words(_message(one)), steps)


def _is_invalid(one: object, *, is_query: bool) -> bool:
    """Whether an error says that the query wasn't executed. A mutation is never rejected for its size."""
    extensions = one.get("extensions") if isinstance(one, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    if isinstance(code, str) and code in _MISFIT_CODES:
        return True
    message = _message(one).strip()
    return bool(_MISFIT.match(message) or (is_query and _OVERSIZE.search(message)))


def error_words(message: str) -> str:
    """Shorten a server's message to one line: its reason, without the stack trace."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    running = next((line for line in lines if _RUNNING in line), None)
    if running is not None:
        line = running.rpartition(_RUNNING)[2].strip(" :;,.()[]{}'\"\\") or "The schedule is already running"
    elif lines and lines[0].startswith("Traceback"):
        line = lines[-1]
    else:
        line = lines[0] if lines else ""
    readable = "".join(char if char.isprintable() else " " for char in line[: 4 * MESSAGE_SHOWN])
    return cut(" ".join(readable.split()), MESSAGE_SHOWN) or NO_REASON


def _denial(content: bytes, status: int) -> str:
    """Describe a denial in our own words: the server's message may quote the key."""
    if b"expired" in content[:DENIAL_READ].lower():
        return EXPIRED
    return f"the API key isn't accepted (HTTP status {status})"


def _refusal(response: httpx.Response, content: bytes) -> BoltRejected:
    """Name the status, with the server's message if it's plain text, unlike a proxy's error page."""
    sentence = f"Bolt answered with HTTP status {response.status_code}"
    is_text = response.headers.get("Content-Type", "").lower().startswith("text/plain")
    said = error_words(content.decode("utf-8", "replace")) if is_text and content.strip() else ""
    return BoltRejected((ApiError(f"{sentence}: {said}" if said else f"{sentence}."),))
