"""Fields of modals, and the notes between them (docs.slack.dev, Block Kit, input block)."""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    InputInteractiveElement,
    Option,
    OptionGroup,
    PlainTextInputElement,
    PlainTextObject,
)

from bot.core.schedules.typeahead import Offer
from bot.core.text.message import Facts, Message
from bot.core.text.text import Sentence, cut, showable
from bot.slack.blocks.render import render

VALUE = "value"

Json = dict[str, Any]


def text_field(name: str, label: str, text: str, placeholder: str, most: int) -> InputBlock:
    """An optional text of at most `most` characters."""
    element = PlainTextInputElement(
        action_id=VALUE, placeholder=plain_object(placeholder), initial_value=cut(text, most) or None, max_length=most
    )
    return input_block(name, label, element)


def input_block(
    name: str, label: str, element: InputInteractiveElement, *, optional: bool = True, dispatch_action: bool = False
) -> InputBlock:
    """A field with its label. `dispatch_action`: Slack notifies the app when something is chosen."""
    return InputBlock(
        block_id=name,
        label=plain_object(label),
        element=element,
        optional=optional,
        dispatch_action=dispatch_action or None,
    )


def option_of(offer: Offer) -> Option:
    """A menu option for an offered schedule."""
    return Option(
        value=offer.handle,
        text=plain_object(offer.text),
        description=plain_object(offer.about) if offer.about else None,
    )


def note(sentence: Sentence) -> Json:
    """Small print between fields."""
    return render(Message((), (Facts(sentence),)))[1][0]


def plain_object(text: str) -> PlainTextObject:
    """A text without markup. Slack doesn't accept an empty one, so a dash replaces it."""
    return PlainTextObject(text=showable(text) or "–", emoji=False)


def as_json(made: Block | Option | OptionGroup) -> Json:
    """Return the JSON that Slack gets for an object."""
    data: Json = made.to_dict()
    return data
