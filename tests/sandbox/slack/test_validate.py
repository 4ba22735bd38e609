"""Block Kit's limits, as tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bolt_sandbox.slack.model import Refused
from bolt_sandbox.slack.validate import (
    BLOCKS_TEXT_MOST,
    Surface,
    block_problems,
    check_blocks,
    check_view,
    summed_text,
)

Json = dict[str, Any]


def plain(length: int = 1) -> Json:
    """A plain text of this length."""
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int = 1) -> Json:
    """A mrkdwn text of this length."""
    return {"type": "mrkdwn", "text": "x" * length}


def button(**more: Any) -> Json:  # noqa: ANN401
    """A button."""
    return {"type": "button", "action_id": "a", "text": plain(), **more}


def actions(*elements: Json) -> Json:
    """A row of elements."""
    return {"type": "actions", "elements": list(elements)}


def option(length: int = 1, value: str = "v") -> Json:
    """An option of a menu."""
    return {"text": plain(length), "value": value}


def confirm(title: int = 1, text: int = 1, yes: int = 1, no: int = 1) -> Json:
    """A confirm dialog."""
    return {"title": plain(title), "text": mrkdwn(text), "confirm": plain(yes), "deny": plain(no)}


def menu(options: int) -> Json:
    """A menu with this many options."""
    return {"type": "static_select", "action_id": "m", "options": [option(value=str(n)) for n in range(options)]}


def preformatted(text: str) -> Json:
    """A preformatted text."""
    leaf = {"type": "text", "text": text}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [leaf], "border": 0}]}


LIMITS: list[tuple[str, Any, int]] = [
    ("section text", lambda n: {"type": "section", "text": mrkdwn(n)}, 3000),
    ("section fields", lambda n: {"type": "section", "fields": [mrkdwn()] * n}, 10),
    ("section field", lambda n: {"type": "section", "fields": [mrkdwn(n)]}, 2000),
    ("header", lambda n: {"type": "header", "text": plain(n)}, 150),
    ("context elements", lambda n: {"type": "context", "elements": [mrkdwn()] * n}, 10),
    ("actions elements", lambda n: actions(*(button(action_id=str(i)) for i in range(n))), 25),
    ("block_id", lambda n: {"type": "divider", "block_id": "x" * n}, 255),
    ("action_id", lambda n: actions(button(action_id="x" * n)), 255),
    ("button text", lambda n: actions(button(text=plain(n))), 75),
    ("button value", lambda n: actions(button(value="x" * n)), 2000),
    ("button url", lambda n: actions(button(url="x" * n)), 3000),
    ("button label", lambda n: actions(button(accessibility_label="x" * n)), 75),
    ("confirm title", lambda n: actions(button(confirm=confirm(title=n))), 100),
    ("confirm text", lambda n: actions(button(confirm=confirm(text=n))), 300),
    ("confirm yes", lambda n: actions(button(confirm=confirm(yes=n))), 30),
    ("confirm no", lambda n: actions(button(confirm=confirm(no=n))), 30),
    ("menu options", lambda n: actions(menu(n)), 100),
    ("option text", lambda n: actions({**menu(1), "options": [option(n)]}), 75),
    ("option value", lambda n: actions({**menu(1), "options": [option(value="x" * n)]}), 150),
    ("placeholder", lambda n: actions({**menu(1), "placeholder": plain(n)}), 150),
    ("overflow", lambda n: actions({"type": "overflow", "action_id": "o", "options": [option()] * n}), 5),
    ("checkboxes", lambda n: actions({"type": "checkboxes", "action_id": "c", "options": [option()] * n}), 10),
    ("image alt", lambda n: {"type": "image", "image_url": "https://x", "alt_text": "x" * n}, 2000),
    ("image title", lambda n: {"type": "image", "image_url": "u", "alt_text": "a", "title": plain(n)}, 2000),
    ("markdown", lambda n: {"type": "markdown", "text": "x" * n}, 12_000),
    ("table rows", lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * n}, 100),
    ("table cells", lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * n]}, 20),
]


@pytest.mark.parametrize(("make", "most"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_limits(make: Any, most: int) -> None:  # noqa: ANN401
    """Content at a limit is accepted; anything beyond it is refused."""
    assert block_problems([make(most)]) == []
    assert block_problems([make(most + 1)]) != []


WRONG: dict[str, list[Any]] = {
    "unknown block": [{"type": "hologram"}],
    "no type": [{"text": plain()}],
    "not an object": ["section"],
    "unknown element": [actions({"type": "lever", "action_id": "a"})],
    "unknown field": [{"type": "divider", "color": "red"}],
    "empty text": [{"type": "section", "text": mrkdwn(0)}],
    "no text": [{"type": "section"}],
    "header in mrkdwn": [{"type": "header", "text": mrkdwn()}],
    "button in mrkdwn": [actions(button(text=mrkdwn()))],
    "style": [actions(button(style="green"))],
    "confirm without deny": [actions(button(confirm={"title": plain(), "text": plain(), "confirm": plain()}))],
    "no elements": [actions()],
    "button in context": [{"type": "context", "elements": [button()]}],
    "same action_id": [actions(button(), button())],
    "same block_id": [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
    "two tables": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2,
    "too many": [{"type": "divider"}] * 51,
    "menu without options": [actions({"type": "static_select", "action_id": "m"})],
    "rich text without elements": [{"type": "rich_text"}],
    "empty rich text leaf": [preformatted("")],
    "image without source": [{"type": "image", "alt_text": "x"}],
    "pending task alone": [{"type": "task_card", "task_id": "1", "title": "x", "status": "pending"}],
    "null text": [{"type": "section", "text": None}],
    "list for text": [{"type": "section", "text": []}],
    "number for text": [{"type": "section", "text": {"type": "mrkdwn", "text": 3}}],
}


@pytest.mark.parametrize("blocks", WRONG.values(), ids=WRONG)
def test_wrong_blocks(blocks: list[Any]) -> None:
    """Each of these blocks is refused, with its place."""
    problems = block_problems(blocks)
    assert problems
    assert all("[json-pointer:/blocks" in each for each in problems)


def test_a_good_message_passes() -> None:
    """A card like those that bots post passes the checks."""
    blocks: list[Json] = [
        {"type": "section", "text": {**mrkdwn(), "verbatim": True}, "expand": True},
        {"type": "context", "elements": [mrkdwn()]},
        preformatted("a\nb"),
        actions(button(style="danger", confirm=confirm()), button(action_id="b", url="https://example.com")),
        {"type": "divider"},
    ]
    check_blocks(blocks)


@pytest.mark.parametrize(
    ("surface", "block", "fine"),
    [
        ("message", {"type": "markdown", "text": "x"}, True),
        ("modal", {"type": "markdown", "text": "x"}, False),
        ("home", {"type": "markdown", "text": "x"}, False),
        ("message", {"type": "alert", "text": plain()}, False),
        ("modal", {"type": "alert", "text": plain()}, True),
        ("modal", {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}, False),
        ("home", {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}, True),
    ],
)
def test_surfaces(surface: Surface, block: Json, fine: bool) -> None:  # noqa: FBT001
    """Some blocks are allowed only in messages, some only in modals."""
    assert (block_problems([block], surface) == []) is fine


def test_summed_text() -> None:
    """The total length of a message's texts is limited."""
    blocks = [{"type": "section", "text": mrkdwn(2640)}] * 5
    assert summed_text(blocks) == BLOCKS_TEXT_MOST
    check_blocks(blocks)
    with pytest.raises(Refused, match="msg_blocks_too_long"):
        check_blocks([*blocks, {"type": "header", "text": plain()}])


def modal(**more: Any) -> Json:  # noqa: ANN401
    """A modal."""
    return {"type": "modal", "title": plain(), "blocks": [], **more}


FIELD = {"type": "input", "label": plain(), "element": {"type": "plain_text_input", "action_id": "a"}}


@pytest.mark.parametrize(
    ("view", "error"),
    [
        (modal(title=plain(25)), "invalid_arguments"),
        (modal(submit=plain(25)), "invalid_arguments"),
        (modal(private_metadata="x" * 3001), "invalid_arguments"),
        (modal(callback_id="x" * 256), "invalid_arguments"),
        (modal(blocks=[FIELD]), "invalid_arguments"),
        (modal(blocks=[{"type": "divider"}] * 101), "invalid_arguments"),
        (modal(blocks="none"), "invalid_arguments"),
        ({"type": "modal", "blocks": []}, "invalid_arguments"),
        ({"type": "home", "blocks": []}, "invalid_arguments"),
        ("view", "invalid_arguments"),
        (modal(private_metadata="x" * 250_001), "view_too_large"),
    ],
)
def test_wrong_views(view: Any, error: str) -> None:  # noqa: ANN401
    """None of these views is a valid modal."""
    with pytest.raises(Refused, match=error):
        check_view(view, "modal")


def test_good_views() -> None:
    """A form with a submit button is a valid modal; a Home tab needs only blocks."""
    check_view(modal(blocks=[FIELD], submit=plain(24), private_metadata="x" * 3000), "modal")
    check_view({"type": "home", "blocks": [{"type": "divider"}] * 100}, "home")


FIELDS = ["type", "text", "elements", "block_id", "rows", "options", "label", "accessory"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=10,
)
KINDS = st.sampled_from(["section", "actions", "context", "rich_text", "table", "input", "image", "header"])


BLOCK = st.builds(lambda kind, more: {**more, "type": kind}, KINDS, st.dictionaries(st.sampled_from(FIELDS), JSON))


@settings(max_examples=50, deadline=None)
@given(st.lists(JSON | BLOCK, max_size=3))
def test_nothing_breaks_it(blocks: list[Any]) -> None:
    """Any JSON is judged without an exception."""
    assert isinstance(block_problems(blocks), list)
