"""Render Slack messages as plain text for a terminal: pure functions from a message's JSON to lines."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

Json = dict[str, Any]

_TOKEN = re.compile(r"<([^<>\n]+)>")
_DATE_PART = re.compile(r"\{(\w+)\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DATE_FORMATS = {
    "date_num": "%Y-%m-%d",
    "date": "%B %-d, %Y",
    "date_short": "%b %-d, %Y",
    "date_long": "%A, %B %-d, %Y",
    "time": "%H:%M",
    "time_secs": "%H:%M:%S",
}
_AGO_STEPS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class Viewer:
    """The viewer of a message: the names they see, by id, their time zone (None: the machine's), and the time now."""

    names: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    now: float = 0.0


def message_lines(message: Json, viewer: Viewer | None = None) -> list[str]:
    """Render a message as lines: its blocks, or else its text, then its files. Buttons are shown as [Label]."""
    viewer = viewer or Viewer()
    lines: list[str] = []
    for block in message.get("blocks") or ():
        lines += block_lines(block, viewer)
    if not lines:
        lines = plain(str(message.get("text", "")), viewer).splitlines()
    lines += [f"(file: {file['name']}, {file['size']} bytes)" for file in message.get("files") or ()]
    return lines


def block_lines(block: Json, viewer: Viewer) -> list[str]:
    """Render one block as lines; only the type of an unknown block is shown."""
    kind = str(block.get("type"))
    render = _BLOCKS.get(kind)
    return [f"({kind})"] if render is None else render(block, viewer)


def _section(block: Json, viewer: Viewer) -> list[str]:
    parts = [block["text"]] if block.get("text") else []
    lines = [line for part in [*parts, *block.get("fields", ())] for line in _text(part, viewer).splitlines()]
    return lines + ([_element(block["accessory"], viewer)] if block.get("accessory") else [])


def _rich_text(block: Json, viewer: Viewer) -> list[str]:
    return [line for each in block["elements"] for line in _rich_lines(each, viewer)]


def _row(separator: str) -> Callable[[Json, Viewer], list[str]]:
    return lambda block, viewer: [separator.join(_element(each, viewer) for each in block["elements"])]


_BLOCKS: dict[str, Callable[[Json, Viewer], list[str]]] = {
    "actions": _row(" "),
    "context": _row("  "),
    "context_actions": _row(" "),
    "divider": lambda _block, _viewer: ["─" * 40],
    "header": lambda block, viewer: [_text(block["text"], viewer)],
    "image": lambda block, _viewer: [f"(image: {_clean(block['alt_text'])})"],
    "input": lambda block, viewer: [f"{_text(block['label'], viewer)}: ______"],
    "markdown": lambda block, _viewer: _clean(block["text"]).splitlines(),
    "rich_text": _rich_text,
    "section": _section,
}


def _text(text: Json, viewer: Viewer) -> str:
    raw = str(text.get("text", ""))
    return plain(raw, viewer) if text.get("type") == "mrkdwn" else _clean(raw)


def _element(element: Json, viewer: Viewer) -> str:
    kind = element.get("type")
    if kind in ("mrkdwn", "plain_text"):
        return _text(element, viewer)
    if kind == "button":
        return f"[{_text(element['text'], viewer)}]"
    if kind == "image":
        return f"(image: {element.get('alt_text', '')})"
    label = element.get("placeholder") or {"text": kind}
    return f"[{_text(label, viewer)} ▾]"


def _rich_lines(element: Json, viewer: Viewer) -> list[str]:
    kind = element.get("type")
    if kind == "rich_text_list":
        return [f"• {line}" for each in element["elements"] for line in _rich_lines(each, viewer)]
    joined = "".join(_rich_leaf(each, viewer) for each in element.get("elements", ()))
    prefix = {"rich_text_preformatted": "│ ", "rich_text_quote": "> "}.get(str(kind), "")
    return [prefix + line for line in _clean(joined).splitlines()]


def _rich_leaf(leaf: Json, viewer: Viewer) -> str:
    kind = leaf.get("type")
    if kind == "link":
        return str(leaf.get("text") or leaf.get("url", ""))
    if kind == "user":
        return f"@{viewer.names.get(leaf['user_id'], leaf['user_id'])}"
    if kind == "usergroup":
        return f"@{viewer.names.get(leaf['usergroup_id'], leaf['usergroup_id'])}"
    if kind == "emoji":
        return f":{leaf.get('name', '')}:"
    if kind == "date":
        return _date(int(leaf["timestamp"]), str(leaf.get("format", "{date} {time}")), viewer)
    return str(leaf.get("text", ""))


def plain(mrkdwn: str, viewer: Viewer) -> str:
    """Render Slack's markup as a person sees it: mentions, links and dates resolved, entities decoded."""
    return _clean(html.unescape(_TOKEN.sub(lambda match: _token(match[1], viewer), mrkdwn)))


def _clean(text: str) -> str:
    """Remove control characters, so that a message can't control the terminal."""
    return _CONTROL.sub("", text)


def _token(inner: str, viewer: Viewer) -> str:
    target, _bar, label = inner.partition("|")
    if target.startswith("!date^"):
        parts = target.split("^")
        try:
            return _date(int(parts[1]), parts[2], viewer)
        except (ValueError, IndexError):
            return label
    if target.startswith("!subteam^"):
        group = target.removeprefix("!subteam^")
        return label or f"@{viewer.names.get(group, group)}"
    if target.startswith(("@", "#")):
        return target[0] + (label or viewer.names.get(target[1:], target[1:]))
    if target.startswith("!"):
        return label or f"@{target[1:]}"
    return f"{label} ({target})" if label and label != target else target


def _date(at: int, pattern: str, viewer: Viewer) -> str:
    when = datetime.fromtimestamp(at, viewer.zone).astimezone(viewer.zone)

    def part(match: re.Match[str]) -> str:
        name = match[1].removesuffix("_pretty")
        if name == "ago":
            return _ago(viewer.now - at)
        return when.strftime(_DATE_FORMATS[name]) if name in _DATE_FORMATS else match[0]

    return _DATE_PART.sub(part, pattern)


def _ago(seconds: float) -> str:
    for size, word in _AGO_STEPS:
        count = int(abs(seconds) // size)
        if count:
            words = f"{count} {word}{'' if count == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"


def indented(lines: Sequence[str], by: str) -> list[str]:
    """Prefix each line with `by`."""
    return [f"{by}{line}" for line in lines]
