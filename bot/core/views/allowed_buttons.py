"""Filtering the buttons of an answer, so that none is offered that would be refused.

`bot.core.views.card` decides which buttons a card has, and `bot.core.views.incident` does so for an incident's message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core.policy.rules import Action, Question
from bot.core.text.message import Block, Buttons, Message
from bot.core.views.buttons import ACTIONS, POSTS


def allowed(message: Message, may: Callable[[Question], bool]) -> Message:
    """Remove the buttons for actions that the person isn't allowed to take."""
    blocks = (_kept(block, may) for block in message.blocks)
    return replace(message, blocks=tuple(block for block in blocks if block is not None))


def question_of(button: str) -> Question:
    """The policy's question for a button, by its action id."""
    found = (action for name, action in ACTIONS.items() if _is(button, name))
    return Question(next(found, Action.READ), posts=any(_is(button, name) for name in POSTS))


def _is(button: str, name: str) -> bool:
    return button == name or button.startswith(f"{name}.")


def _kept(block: Block, may: Callable[[Question], bool]) -> Block | None:
    if not isinstance(block, Buttons):
        return block
    kept = tuple(one for one in block.buttons if one.url or may(question_of(one.action)))
    return Buttons(kept) if kept else None
