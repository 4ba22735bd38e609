"""Messages as data: sentences, facts, log excerpts and buttons, in reading order.

`bot.slack.blocks` turns them into Block Kit. `Message.text` alone is a whole sentence: notifications show it and screen
readers read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.text.text import Sentence, Span, cut_middle, mapped_sentence

# Slack's limit for a button's label, and for its label for screen readers.
LABEL_MOST = 75


@dataclass(frozen=True, slots=True)
class Confirm:
    """A confirmation dialog for a button. Limits: title 100, text 300, yes and no 30 characters."""

    title: str
    text: Sentence
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a menu: its label and the value that choosing it sends, at most 75 characters each."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button. Clicking it sends `value`; with `url` it only opens a page.

    With `choices` it's a menu instead, which acts as soon as an option is chosen; besides the choices, only the label
    is used. `spoken` is the label for screen readers if the visible one is too short.
    """

    action: str
    label: str
    value: str = ""
    url: str | None = None
    style: Literal["primary", "danger"] | None = None
    confirm: Confirm | None = None
    spoken: str | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A section title, at most 150 characters. Screen readers jump from one heading to the next."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more lines of ordinary text."""

    text: Sentence


@dataclass(frozen=True, slots=True)
class Facts:
    """Smaller, quieter text under a paragraph."""

    text: Sentence


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Text shown verbatim in a fixed-width box, without markup."""

    text: str


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of at most five buttons."""

    buttons: tuple[Button, ...]


Block = Heading | Paragraph | Facts | Preformatted | Buttons


@dataclass(frozen=True, slots=True)
class Message:
    """A message. Without blocks, only its text is shown."""

    text: Sentence
    blocks: tuple[Block, ...] = ()


def mapped(message: Message, change: Callable[[str], str]) -> Message:
    """Apply `change` (masking, say) to every text in a message. Button values and URLs stay unchanged."""
    return Message(
        mapped_sentence(message.text, change), tuple(_mapped_block(block, change) for block in message.blocks)
    )


def without_blocks(message: Message, limit: int) -> Message:
    """Flatten a message to text: its own text, then its preformatted boxes and small print.

    Each box is cut to `limit` characters.
    """
    spans: list[Span] = [*message.text]
    for block in message.blocks:
        if isinstance(block, Preformatted):
            spans += ["\n", cut_middle(block.text, limit)]
        elif isinstance(block, Facts) and not _has(message.text, block.text):
            spans += ["\n", *block.text]
    return Message(tuple(spans))


def _has(text: Sentence, part: Sentence) -> bool:
    return any(text[at : at + len(part)] == part for at in range(len(text) - len(part) + 1))


def _mapped_block(block: Block, change: Callable[[str], str]) -> Block:
    match block:
        case Heading(text):
            return Heading(change(text))
        case Paragraph(text):
            return Paragraph(mapped_sentence(text, change))
        case Facts(text):
            return Facts(mapped_sentence(text, change))
        case Preformatted(text):
            return Preformatted(change(text))
        case Buttons(buttons):
            return Buttons(tuple(_mapped_button(button, change) for button in buttons))


def _mapped_button(button: Button, change: Callable[[str], str]) -> Button:
    confirm = button.confirm
    if confirm is not None:
        confirm = replace(confirm, title=change(confirm.title), text=mapped_sentence(confirm.text, change))
    spoken = change(button.spoken) if button.spoken else None
    choices = tuple(replace(one, label=change(one.label)) for one in button.choices)
    return replace(button, label=change(button.label), spoken=spoken, confirm=confirm, choices=choices)
