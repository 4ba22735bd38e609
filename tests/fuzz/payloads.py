"""Slack's payloads, changed in a few places: something is missing, of another kind, or huge."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from bot.core.views import buttons
from tests.slack.blocks.hostile import HOSTILE
from tests.slack.payloads import PAYLOADS

Json = dict[str, Any]
Path = tuple[str | int, ...]

GONE = object()
ACTIONS = tuple(
    value for name, value in vars(buttons).items() if name.isupper() and isinstance(value, str) and "." in value
)
VALUES = (
    *("", "{}", "[]", "null", "7", "{", '{"w":"w"}', '{"w":"w","r":1}', '{"w":"w","r":"x"}', '{"v":1,"w":null,"r":-1}'),
    *(
        '{"w":"w","r":1,"f":7}',
        '{"w":"w","r":99999999999999999999}',
        '{"q":"a"}',
        '{"t":"run nightly"}',
        '"' * 2000,
        "[" * 5000,
    ),
    *("help", "list", "status", "logs 4711", "show nightly", "0", "-1", "1e400"),
)
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 7, 1.5, 10**40, "", " ", "x", "\x00", "\ud83d", "\u202e", "x" * 60_000, "<!here>", "../.."),
    *([], [[]], [None], {}, {"id": None}, {"id": "U1"}, {"id": 7}, {"value": {"value": []}}, [{"type": "button"}], [7]),
    *VALUES[:8],
)


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """The paths to everything in a payload."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from places(one, (*path, name))


def put(body: Json, path: Path, value: object) -> None:
    """Replace or delete the value at a path in a payload. A path that no longer exists is ignored."""
    inner: Any = body
    try:
        for step in path[:-1]:
            inner = inner[step]
        if value is GONE:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return


@st.composite
def payloads(draw: st.DrawFn) -> tuple[str, Json]:
    """A payload of one kind, with randomly drawn contents, in which up to three things are wrong."""
    name = draw(st.sampled_from(sorted(PAYLOADS)))
    body: Json = copy.deepcopy(PAYLOADS[name])
    fresh(body, draw(st.uuids()).hex)
    if "text" in body:
        body["text"] = draw(HOSTILE | st.sampled_from(VALUES))
    for action in body.get("actions", ()):
        action["action_id"] = draw(st.sampled_from(ACTIONS)) + draw(st.sampled_from(("", ".0", ".next", ".x")))
        action["value"] = draw(st.sampled_from(VALUES) | HOSTILE)
    if "event" in body and "text" in body["event"]:
        body["event"]["text"] = f"<@U0BOT> {draw(HOSTILE | st.sampled_from(VALUES))}"
    everywhere = sorted(places(body), key=str)
    for path in draw(st.lists(st.sampled_from(everywhere), max_size=3)):
        put(body, path, draw(st.sampled_from((GONE, *ODD))))
    return name, body


def fresh(body: Json, number: str) -> None:
    """Make a payload a new delivery, because copies of handled deliveries are dropped."""
    if "trigger_id" in body:
        body["trigger_id"] = number
    for action in body.get("actions", ()):
        action["action_ts"] = number
    if "ts" in body.get("event", {}):
        body["event"]["ts"] = f"{int(number, 16) % 10**10}.000100"
