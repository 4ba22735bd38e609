"""Render a message as Block Kit, within Slack's limits (docs.slack.dev, Block Kit reference).

`bot.core.views` builds messages, and decides which buttons they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    Option,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)

from bot.core.text.message import LABEL_MOST, Button, Buttons, Confirm, Facts, Heading, Message, Paragraph, Preformatted
from bot.core.text.message import Block as View
from bot.core.text.text import Sentence, cut, cut_middle, showable
from bot.core.views.buttons import VALUE_LIMIT
from bot.slack.blocks.mrkdwn import mrkdwn, plain

SECTION_MOST = 3000
HEADING = 150
PLACEHOLDER = 150
OPTION_LABEL = OPTION_VALUE = 75
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
TEXT = 3900
BLOCKS = 50
# Total length of a message's texts: Slack has refused messages above about 11,000 characters.
WHOLE = 10_000

Json = dict[str, Any]


def render(message: Message) -> tuple[str, list[Json]]:
    """Render the text (at most 3900 characters) and the blocks.

    Raises ValueError for a button that can't work.
    """
    text = _fit(message.text, TEXT)
    return text, render_blocks(message.blocks, most=BLOCKS, room=WHOLE - len(text))


def render_blocks(views: Sequence[View], *, most: int, room: int) -> list[Json]:
    """Render at most `most` blocks. Texts are cut once `room`, their total length, is used up. Raises ValueError."""
    blocks: list[Json] = []
    for view in views[:most]:
        limit = max(200, min(SECTION_MOST, room))
        block = _block(view, limit)
        room -= _texts(block)
        blocks.append(block)
    return blocks


def _texts(made: object) -> int:
    """Count the characters of text at any depth, without a button's value and ids."""
    match made:
        case dict():
            own = sum(len(one) for name, one in made.items() if name == "text" and isinstance(one, str))
            return own + sum(_texts(one) for one in made.values() if isinstance(one, (dict, list)))
        case list():
            return sum(_texts(one) for one in made)
        case _:
            return 0


def _block(view: View, limit: int) -> Json:
    match view:
        case Heading(text):
            made: Block = HeaderBlock(text=_plain(text, HEADING))
        case Paragraph(text):
            made = SectionBlock(text=_mrkdwn(text, limit))
        case Facts(text):
            made = ContextBlock(elements=[_mrkdwn(text, limit)])
        case Buttons(buttons):
            made = ActionsBlock(elements=[_menu(one) if one.choices else _button(one) for one in buttons])
        case Preformatted(text):
            return _preformatted(cut_middle(showable(text), limit) or " ")
    block: Json = made.to_dict()
    return block


def _mrkdwn(sentence: Sentence, limit: int) -> MarkdownTextObject:
    # Verbatim, so that Slack doesn't turn parts of foreign text into links.
    return MarkdownTextObject(text=_fit(sentence, limit) or " ", verbatim=True)


def _fit(sentence: Sentence, limit: int) -> str:
    """Render as mrkdwn, leaving out spans at the end if it's too long, because a cut-off token shows as garbage."""
    text = mrkdwn(sentence)
    if len(text) <= limit:
        return text
    kept = list(sentence)
    while kept and len(mrkdwn(tuple(kept))) > limit - 1:
        last = kept.pop()
        if isinstance(last, str):
            room = limit - 1 - len(mrkdwn(tuple(kept)))
            # Escaping makes text up to five times longer.
            short = cut(last, room // 5)
            if room // 5 > 1:
                kept.append(short)
                break
    return mrkdwn(tuple(kept)) + "…"


def _preformatted(text: str) -> Json:
    """Build a preformatted block. Slack parses nothing in it, so nothing is escaped."""
    content = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [content]}


def _button(button: Button) -> ButtonElement:
    if len(button.value) > VALUE_LIMIT:
        raise ValueError(f"the value of {button.action} is longer than a button can carry")
    return ButtonElement(
        text=_plain(button.label, LABEL_MOST),
        action_id=button.action,
        value=button.value or None,
        url=button.url,
        style=button.style,
        confirm=_confirm(button.confirm) if button.confirm else None,
        accessibility_label=cut(showable(button.spoken), LABEL_MOST) or None if button.spoken else None,
    )


def _menu(menu: Button) -> StaticSelectElement:
    if any(len(choice.value) > OPTION_VALUE for choice in menu.choices):
        raise ValueError(f"a value of {menu.action} is longer than a menu can carry")
    return StaticSelectElement(
        action_id=menu.action,
        placeholder=_plain(menu.label, PLACEHOLDER),
        options=[Option(value=one.value, text=_plain(one.label, OPTION_LABEL)) for one in menu.choices],
    )


def _plain(text: str, limit: int) -> PlainTextObject:
    """Build a plain text. Slack refuses blank texts, and foreign names may be blank."""
    return PlainTextObject(text=cut(showable(text).strip(), limit) or "–", emoji=False)


def _confirm(confirm: Confirm) -> ConfirmObject:
    return ConfirmObject(
        title=_plain(confirm.title, CONFIRM_TITLE),
        text=_plain(plain(confirm.text), CONFIRM_TEXT),
        confirm=_plain(confirm.yes, CONFIRM_BUTTON),
        deny=_plain(confirm.no, CONFIRM_BUTTON),
        style="danger",
    )
