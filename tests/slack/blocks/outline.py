"""Rendered messages as readable text, compared with their snapshots.

With UPDATE_SNAPSHOTS=1 in the environment, the snapshots are rewritten; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from slack_sdk.models.blocks import Block

from bolt_sandbox.slack.validate import check_blocks
from bot.core.text.message import Message
from bot.slack.blocks.render import render

KEPT = Path(__file__).parent / "snapshots"

Json = dict[str, Any]


def outline(message: Message) -> str:
    """The text and the blocks of a message as Slack gets them, one paragraph per block."""
    text, blocks = render(message)
    return "\n".join([f"text | {text}", *(_block(block) for block in blocks)]) + "\n"


def check(name: str, message: Message) -> None:
    """Compare a message with its snapshot, and check its blocks with Slack's rules."""
    _, blocks = render(message)
    for block in Block.parse_all(blocks):
        block.validate_json()
    check_blocks(blocks)
    file = KEPT / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(outline(message))
    assert outline(message) == file.read_text()


def _block(block: Json) -> str:
    if block["type"] == "actions":
        return "\n".join(["actions", *(f"  {_button(element)}" for element in block["elements"])])
    if block["type"] == "context":
        return "\n".join(f"context | {line}" for one in block["elements"] for line in one["text"].split("\n"))
    return "\n".join(f"{block['type']} | {line}" for line in block["text"]["text"].split("\n"))


def _button(element: Json) -> str:
    if element["type"] == "static_select":
        options = ", ".join(f"{one['text']['text']} ({one['value']})" for one in element["options"])
        return f"[{element['placeholder']['text']} v] {element['action_id']} {options}"
    spoken = element.get("accessibility_label")
    parts = [f"[{element['text']['text']}]", element["action_id"], element.get("value") or element.get("url") or ""]
    return " ".join([*parts, f"({spoken})" if spoken else ""]).rstrip()
