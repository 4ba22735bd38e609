"""A message as a person reads it: words, lines and buttons."""

from __future__ import annotations

from bot.core.text.message import Button, Buttons, Message
from bot.core.text.text import Bold, Channel, Code, Emoji, Link, Mention, Sentence, When


def said(sentence: Sentence) -> str:
    """A sentence as a person reads it."""
    words = []
    for span in sentence:
        match span:
            case str():
                words.append(span)
            case Bold(text) | Code(text):
                words.append(text)
            case Mention(user):
                words.append(f"@{user}")
            case Channel(channel):
                words.append(f"#{channel}")
            case Link(_, text):
                words.append(text)
            case When(at):
                words.append(f"{at:%H:%M}")
            case Emoji(name):
                words.append(f":{name}:")
    return "".join(words)


def shown(message: Message) -> list[str]:
    """The lines of a message's blocks, buttons left out."""
    return [line for block in message.blocks if not isinstance(block, Buttons) for line in said(block.text).split("\n")]  # type: ignore[arg-type]


def buttons(message: Message) -> list[Button]:
    """The buttons of a message."""
    return [button for block in message.blocks if isinstance(block, Buttons) for button in block.buttons]
