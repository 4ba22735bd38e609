"""Parse the body of a control call: JSON that can be stored and written again unchanged."""

from __future__ import annotations

import json
import math
from typing import Any

Json = dict[str, Any]


class BadRequest(ValueError):  # noqa: N818 - the name of HTTP's status 400
    """The body of a control call is invalid. The message says why."""


def read_body(raw: bytes) -> Json:
    """Parse a body into an object with encodable texts and finite numbers. Raises BadRequest."""
    try:
        body = json.loads(raw.decode(), parse_constant=_finite, parse_float=_finite)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON in UTF-8: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not an object")
    return body


def need(body: Json, name: str) -> str:
    """Return a required text of the body. Raises BadRequest."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is missing")
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadRequest(f"{text} is no number")
    return number
