"""Read the body of a control call. An invalid value raises ValueError, with the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from bolt_sandbox.body import read_body
from bolt_sandbox.bolt.model import ENDS, Course, Refused, Start

Json = dict[str, Any]
T = TypeVar("T")
Handler = Callable[[web.Request, Json], Json | Awaitable[Json]]


def posted(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Wrap a handler of JSON bodies as a request handler. A refusal is answered with 409, an invalid body with 400."""

    async def answer(request: web.Request) -> web.StreamResponse:
        # Without a CORS preflight, a page from another origin can't send this content type or a DELETE.
        if request.method != "DELETE" and request.content_type != "application/json":
            return web.json_response({"error": "send JSON, with its content type"}, status=415)
        try:
            body = await request.read() or b"{}"
            told = handler(request, read_body(body))
            return web.json_response(told if isinstance(told, dict) else await told)
        except Refused as refused:
            return web.json_response({"error": str(refused)}, status=409)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


def start_of(body: Json) -> Start:
    """Read the options of a run."""
    takes_s, slow = body.get("takes_s"), body.get("slow")
    course = Course(
        ends=one_of("ends", body.get("ends", "own"), ENDS),
        state=text(body, "state"),
        slow=1.0 if slow is None else positive("slow", slow),
        takes_s=None if takes_s is None else positive("takes_s", takes_s),
        listed_after_s=seconds(body, "listed_after_s") or 0.0,
    )
    return Start(
        branch=text(body, "branch"),
        commit=text(body, "commit"),
        pull_request=number(body, "pull_request"),
        commands=tuple((each, None) for each in texts(body, "commands")),
        reason=text(body, "reason"),
        parent_id=number(body, "parent_id"),
        course=course,
    )


def needed(body: Json, name: str) -> str:
    """Read a required text."""
    found = text(body, name)
    if not found:
        raise ValueError(f"{name} is missing")
    return found


def text(body: Json, name: str) -> str | None:
    """Read a text."""
    found = body.get(name)
    if found is not None and not isinstance(found, str):
        raise ValueError(f"{name} is not a text")
    return found


def texts(body: Json, name: str) -> list[str]:
    """Read a list of texts, or an empty list if there is none."""
    found = body.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{name} is not a list of texts")
    return found


def number(body: Json, name: str) -> int | None:
    """Read a whole number."""
    found = body.get(name)
    if found is not None and (isinstance(found, bool) or not isinstance(found, int)):
        raise ValueError(f"{name} is not a number")
    return found


def seconds(body: Json, name: str, *, signed: bool = False) -> float | None:
    """Read a number of seconds, 0 or more unless `signed`."""
    found = body.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or (found < 0 and not signed):
        raise ValueError(f"{name} is a number of seconds")
    return float(found)


def switch(body: Json, name: str, *, default: bool) -> bool:
    """Read true or false."""
    return bool(one_of(name, body.get(name, default), (True, False)))


def positive(name: str, value: object) -> float:
    """Check a number that has to be more than 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError(f"{name} is a number more than 0")
    return float(value)


def one_of(name: str, value: object, choices: tuple[T, ...]) -> T:
    """Check a value that has to be one of `choices`."""
    for choice in choices:
        if value == choice:
            return choice
    raise ValueError(f"{name} is one of {', '.join(map(str, choices))}")
