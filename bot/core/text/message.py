"""A message as data: sentences, facts, log excerpts and buttons, in the order in which eyes go.

`bot.slack.blocks` turns it into Block Kit. `Message.text` alone is a whole sentence: it is the notification
and what a screen reader reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.text.text import Sentence, Span, cut_middle, mapped_sentence


@dataclass(frozen=True, slots=True)
class Confirm:
    """A question before a button acts. Limits: title 100, text 300, yes and no 30 characters."""

    title: str
    text: Sentence
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button. `value` is all that its click brings back; with `url` it only opens a page.

    `spoken` is the label for screen readers where the visible one is short.
    """

    action: str
    label: str
    value: str = ""
    url: str | None = None
    style: Literal["primary", "danger"] | None = None
    confirm: Confirm | None = None
    spoken: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows, at most 150 characters: a screen reader jumps from one to the next."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line or a few of ordinary text."""

    text: Sentence


@dataclass(frozen=True, slots=True)
class Facts:
    """Smaller, quieter text under a paragraph."""

    text: Sentence


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Text shown as it is, in a fixed-width box: nothing in it is markup."""

    text: str


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of buttons, five at the most."""

    buttons: tuple[Button, ...]


Block = Heading | Paragraph | Facts | Preformatted | Buttons


@dataclass(frozen=True, slots=True)
class Message:
    """A message. Without blocks, its text is all that is shown."""

    text: Sentence
    blocks: tuple[Block, ...] = ()


def mapped(message: Message, change: Callable[[str], str]) -> Message:
    """The same message with every text in it changed: masked, say. Values and addresses of buttons stay."""
    return Message(
        mapped_sentence(message.text, change), tuple(_mapped_block(block, change) for block in message.blocks)
    )


def without_blocks(message: Message, limit: int) -> Message:
    """The message as text alone: its sentence, and below it what its boxes and small print say, at most `limit` characters each."""
    spans: list[Span] = [*message.text]
    for block in message.blocks:
        if isinstance(block, Preformatted):
            spans += ["\n", cut_middle(block.text, limit)]
        elif isinstance(block, Facts):
            spans += ["\n", *block.text]
    return Message(tuple(spans))


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
    return replace(button, label=change(button.label), spoken=spoken, confirm=confirm)
