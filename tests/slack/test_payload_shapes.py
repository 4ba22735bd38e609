"""Payloads are checked by their shape: Slack's real payloads fit, and anything else never reaches a listener."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.find_message import posted_message
from bot.slack.payload_shapes import has_known_shape
from tests.slack.payloads import PAYLOADS

Json = dict[str, Any]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=20,
)
ODD: tuple[Any, ...] = (7, True, 1.5, [], [7], {}, {"id": 7}, {"id": ["x"]}, "\ud800")


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths to every value in a payload."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from places(one, (*path, name))


def changed(body: Json, path: tuple[str | int, ...], value: object) -> Json:
    """A payload with another value in one place."""
    made = copy.deepcopy(body)
    inner: Any = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return made


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_slack_sends_fits(name: str) -> None:
    """Each kind of request that Slack documents has a known shape."""
    assert has_known_shape(PAYLOADS[name])


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_fits_can_be_read_by_slack_bolt(name: str) -> None:
    """If a payload with a change in one place still fits, slack-bolt can read it, whatever the change."""
    for path in places(PAYLOADS[name]):
        for value in ODD:
            body = changed(PAYLOADS[name], path, value)
            if has_known_shape(body):
                AsyncBoltRequest(body=body, mode="socket_mode")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("command", ("user_id",)),
        ("command", ("team_id",)),
        ("command", ("channel_id",)),
        ("click", ("user",)),
        ("click", ("user", "id")),
        ("click", ("actions",)),
        ("click", ("actions", 0)),
        ("click", ("actions", 0, "action_id")),
        ("typing", ("action_id",)),
        ("submission", ("view",)),
        ("submission", ("view", "callback_id")),
        ("shortcut", ("callback_id",)),
        ("mention", ("event",)),
        ("mention", ("event", "type")),
        ("home", ("event", "user")),
    ],
)
def test_what_is_needed_is_there(name: str, path: tuple[str | int, ...]) -> None:
    """Without a required value, a payload doesn't fit."""
    assert not has_known_shape(changed(PAYLOADS[name], path, None))
    assert not has_known_shape(changed(PAYLOADS[name], path, ""))


def test_what_is_no_record_does_not_fit() -> None:
    """Payloads that aren't objects, are nested too deeply, or contain half a surrogate pair don't fit."""
    nothing: tuple[object, ...] = (None, 7, [], "x")
    assert not any(map(has_known_shape, nothing))
    deep: Json = {}
    for _ in range(20_000):
        deep = {"event": deep}
    assert not has_known_shape(deep)
    assert not has_known_shape({"type": "x", "text": json.loads('"\\ud83d"')})
    assert has_known_shape({"type": "x", "text": json.loads('"\\ud83d\\ude00"')})


@given(JSON)
def test_any_json_is_judged(body: object) -> None:
    """Any JSON can be checked without an error."""
    assert has_known_shape(body) in {True, False}


@given(st.dictionaries(st.sampled_from(["blocks", "metadata", "user", "event_payload", "elements", "accessory"]), JSON))
def test_any_message_is_read(message: Json) -> None:
    """Any message can be read, because a shortcut can be used on anybody's message."""
    assert posted_message(message, ours="U0BOT").buttons == ()
