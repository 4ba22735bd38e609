"""Block Kit's limits and rules for blocks, messages and views, as pure functions.

The rules for elements are in `bolt_sandbox.slack.elements`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from bolt_sandbox.slack.elements import (
    ACCESSORIES,
    ACTIONS,
    CHOICES,
    CONTEXT,
    CONTEXT_ACTIONS,
    ID,
    INPUTS,
    MENUS,
    plain,
    text,
)
from bolt_sandbox.slack.model import Json, Refused
from bolt_sandbox.slack.rules import (
    Problems,
    Rule,
    any_field_of,
    anything,
    boolean,
    both,
    by_type,
    fields,
    items,
    number,
    one_of,
    problem,
    string,
)

Surface = Literal["message", "modal", "home"]
BLOCKS_MOST: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
BLOCKS_TEXT_MOST = 13_200
MARKDOWN_MOST = 12_000
TABLE_MOST = 10_000
DATA_TABLE_MOST = 20_000
VIEW_BYTES_MOST = 250_000

_BLOCK = {"type": anything, "block_id": ID}


def _block(required: dict[str, Rule], optional: dict[str, Rule] | None = None, *, more: bool = False) -> Rule:
    return fields(required, {**_BLOCK, **(optional or {})}, more=more)


def _rich_text(value: Any, pointer: str) -> Problems:  # noqa: ANN401
    yield from _block({"elements": items(by_type(_RICH_ELEMENTS))})(value, pointer)


_RICH_LEAVES: dict[str, Rule] = {
    kind: fields({}, more=True)
    for kind in ("broadcast", "channel", "color", "date", "emoji", "team", "user", "usergroup")
}
_RICH_LEAVES["text"] = fields({"text": string(least=1)}, {"type": anything, "style": anything})
_RICH_LEAVES["link"] = fields(
    {"url": string(least=1)}, {"type": anything, "text": string(), "style": anything, "unsafe": boolean}
)
_RICH_LINE = items(by_type(_RICH_LEAVES))
_RICH_SECTION = fields({"elements": _RICH_LINE}, {"type": anything})
_RICH_ELEMENTS: dict[str, Rule] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_preformatted": fields(
        {"elements": _RICH_LINE}, {"type": anything, "border": one_of(0, 1), "language": string()}
    ),
    "rich_text_quote": fields({"elements": _RICH_LINE}, {"type": anything, "border": one_of(0, 1)}),
    "rich_text_list": fields(
        {"elements": items(by_type({"rich_text_section": _RICH_SECTION})), "style": one_of("bullet", "ordered")},
        {"type": anything, "indent": number(0), "border": one_of(0, 1), "offset": number(0)},
    ),
}

_CELL = by_type(
    {
        "raw_text": fields({"text": string(least=1)}, {"type": anything}),
        "raw_number": fields({}, more=True),
        "rich_text": _rich_text,
    }
)
_COLUMN = fields({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_TASK = _block(
    {"task_id": string(), "title": string()},
    {
        "status": one_of("pending", "in_progress", "complete", "error"),
        "details": _rich_text,
        "output": _rich_text,
        "sources": items(anything),
    },
)
_TASK_ALONE = both(_TASK, fields({}, {"status": one_of("in_progress", "complete", "error")}, more=True))
_CARD = _block(
    {},
    {
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "actions": items(by_type({"button": ACTIONS["button"]}), 1, 3),
    },
    more=True,
)

BLOCKS: dict[str, Rule] = {
    "actions": _block({"elements": items(by_type(ACTIONS), 1, 25)}),
    "alert": _block(
        {"text": text(200)}, {"level": one_of("default", "info", "warning", "error", "success")}, more=True
    ),
    "call": _block({"call_id": string()}, more=True),
    "card": _CARD,
    "carousel": _block({"elements": items(by_type({"card": _CARD}), 1, 10)}, more=True),
    "container": _block(
        {"child_blocks": items(anything, 1, 10)},
        {"title": text(150), "collapsible": boolean, "width": one_of("narrow", "standard", "wide", "full")},
        more=True,
    ),
    "context": _block({"elements": items(by_type(CONTEXT), 1, 10)}),
    "context_actions": _block({"elements": items(by_type(CONTEXT_ACTIONS), 1, 5)}),
    "data_table": _block(
        {"rows": items(items(_CELL, 1, 20), 2, 201), "caption": anything}, {"page_size": number(1, 100)}, more=True
    ),
    "data_visualization": fields({}, more=True),
    "divider": _block({}),
    "file": _block({"external_id": string(), "source": one_of("remote")}),
    "header": _block({"text": plain(150)}, {"level": number(1, 4)}),
    "image": both(
        _block(
            {"alt_text": string(2000)},
            {"image_url": string(3000), "slack_file": anything, "title": plain(2000)},
        ),
        any_field_of("image_url", "slack_file"),
    ),
    "input": _block(
        {"label": plain(2000), "element": by_type({**INPUTS, **MENUS, **CHOICES})},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": _block({"text": string(MARKDOWN_MOST, 1)}),
    "plan": _block({"title": string(least=1)}, {"tasks": items(by_type({"task_card": _TASK}), 0, 50)}, more=True),
    "rich_text": _rich_text,
    "section": both(
        _block(
            {},
            {
                "text": text(3000),
                "fields": items(text(2000), 1, 10),
                "accessory": by_type(ACCESSORIES),
                "expand": boolean,
            },
        ),
        any_field_of("text", "fields"),
    ),
    "table": _block({"rows": items(items(_CELL, 1, 20), 1, 100)}, {"column_settings": items(_COLUMN, 0, 20)}),
    "task_card": _TASK_ALONE,
    "video": _block(
        {
            "alt_text": string(),
            "title": plain(200),
            "thumbnail_url": string(3000),
            "video_url": string(3000),
        },
        {"author_name": string(50), "description": plain(200), "title_url": string(), "provider_name": string()},
        more=True,
    ),
}

_MESSAGE_ONLY = {"markdown", "context_actions", "plan", "task_card", "data_visualization"}
_NOT_IN_MODAL = _MESSAGE_ONLY | {"table", "data_table", "carousel", "call"}
NOT_ALLOWED: dict[Surface, set[str]] = {
    "message": {"alert"},
    "modal": _NOT_IN_MODAL,
    "home": _MESSAGE_ONLY | {"alert", "call"},
}


def block_problems(blocks: Sequence[Json], surface: Surface = "message") -> list[str]:
    """Return the problems of blocks, if any, in the words of Slack's response_metadata.messages."""
    return list(_block_problems(blocks, surface))


def _block_problems(blocks: Sequence[Json], surface: Surface) -> Iterator[str]:
    if len(blocks) > BLOCKS_MOST[surface]:
        yield problem(f"no more than {BLOCKS_MOST[surface]} items allowed", "/blocks")
    allowed = {kind: rule for kind, rule in BLOCKS.items() if kind not in NOT_ALLOWED[surface]}
    yield from items(by_type(allowed))(list(blocks), "/blocks")
    yield from _doubles([block.get("block_id") for block in blocks if isinstance(block, dict)])
    yield from _action_doubles(blocks)
    if sum(isinstance(block, dict) and block.get("type") == "table" for block in blocks) > 1:
        yield problem("only_one_table_allowed", "/blocks")


def _doubles(block_ids: Sequence[Any]) -> Iterator[str]:
    seen: set[Any] = set()
    for index, block_id in enumerate(block_ids):
        if not isinstance(block_id, str):
            continue
        if block_id in seen:
            yield problem(f"`block_id` {block_id} already exists for another block", f"/blocks/{index}/block_id")
        seen.add(block_id)


def _action_doubles(blocks: Sequence[Json]) -> Iterator[str]:
    for index, block in enumerate(blocks):
        elements = block.get("elements") if isinstance(block, dict) and block.get("type") == "actions" else None
        seen: set[str] = set()
        for position, element in enumerate(elements if isinstance(elements, list) else []):
            action_id = element.get("action_id") if isinstance(element, dict) else None
            if isinstance(action_id, str) and action_id in seen:
                pointer = f"/blocks/{index}/elements/{position}/action_id"
                yield problem(f"`action_id` {action_id} already exists for another element", pointer)
            seen.add(str(action_id) if action_id else "")


def summed_text(value: Any) -> int:  # noqa: ANN401
    """Count the characters of text in blocks, at any depth."""
    if isinstance(value, dict):
        own = sum(len(each) for name, each in value.items() if name == "text" and isinstance(each, str))
        return own + sum(summed_text(each) for each in value.values() if isinstance(each, (dict, list)))
    if isinstance(value, list):
        return sum(summed_text(each) for each in value)
    return 0


def check_blocks(blocks: Sequence[Json], surface: Surface = "message") -> None:
    """Raise Slack's refusal of invalid blocks: invalid_blocks or msg_blocks_too_long."""
    problems = block_problems(blocks, surface)
    if problems:
        raise Refused("invalid_blocks", errors=problems, response_metadata={"messages": problems})
    if surface != "message":
        return
    for kind, most in (("markdown", MARKDOWN_MOST), ("table", TABLE_MOST), ("data_table", DATA_TABLE_MOST)):
        if summed_text([block for block in blocks if block["type"] == kind]) > most:
            raise Refused("msg_blocks_too_long" if kind == "markdown" else "invalid_blocks")
    if summed_text(list(blocks)) > BLOCKS_TEXT_MOST:
        raise Refused("msg_blocks_too_long")


_VIEW_FIELDS: dict[str, Rule] = {
    "type": one_of("modal", "home"),
    "blocks": anything,
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_MODAL = fields(
    {"type": anything, "title": plain(24), "blocks": anything},
    {
        **_VIEW_FIELDS,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = fields({"type": anything, "blocks": anything}, _VIEW_FIELDS)


def check_view(view: Any, kind: Literal["modal", "home"]) -> Json:  # noqa: ANN401
    """Return the view if Slack accepts it as a modal or as a Home tab. Raises Refused otherwise."""
    if not isinstance(view, dict):
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] must be an object: view"]})
    if len(json.dumps(view).encode()) > VIEW_BYTES_MOST:
        raise Refused("view_too_large")
    if view.get("type") != kind:
        messages = [problem(f"must be one of: {kind}", "/view/type")]
        raise Refused("invalid_arguments", response_metadata={"messages": messages})
    problems = list((_MODAL if kind == "modal" else _HOME)(view, "/view"))
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        problems.append(problem("must be an array", "/view/blocks"))
    else:
        problems += block_problems(blocks, kind)
        if kind == "modal" and not view.get("submit") and any(_is_input(block) for block in blocks):
            problems.append(problem("missing required field: submit", "/view"))
    if problems:
        raise Refused("invalid_arguments", response_metadata={"messages": problems})
    return view


def _is_input(block: Any) -> bool:  # noqa: ANN401
    return isinstance(block, dict) and block.get("type") == "input"
