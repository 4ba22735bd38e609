"""Answers to lines that aren't commands: a sentence, and buttons whose labels say what each does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.core.commands.guess import acts
from bot.core.model.command import CancelCommand
from bot.core.schedules.resolve_guess import Meaning, OfferedCommand
from bot.core.text.message import Button, Buttons, Message, Paragraph
from bot.core.text.text import Sentence, cut
from bot.core.views.buttons import fitting

NAME_SHOWN = 60


def guess_answer(sentence: str, meaning: Meaning, offers: Sequence[OfferedCommand]) -> Message:
    """The answer to a guess. `sentence` is used if nothing is offered."""
    shown = [(offer, button) for at, offer in enumerate(offers) for button in _button(offer, at)]
    if not shown:
        return Message((sentence,))
    text = _sentence(meaning, [offer for offer, _ in shown])
    return Message(text, (Paragraph(text), Buttons(tuple(button for _, button in shown))))


def offered_instead(why: Sentence, offers: Sequence[OfferedCommand]) -> Message:
    """Explain why a start isn't possible, and offer what may have been meant."""
    buttons = tuple(button for at, offer in enumerate(offers) for button in _button(offer, at))
    return Message(why, (Paragraph(why), Buttons(buttons))) if buttons else Message(why)


def _button(offer: OfferedCommand, number: int) -> tuple[Button, ...]:
    made = fitting(offer.label, offer.command, number=number)
    return tuple(replace(one, style="danger") for one in made) if isinstance(offer.command, CancelCommand) else made


def _sentence(meaning: Meaning, offers: Sequence[OfferedCommand]) -> Sentence:
    name = cut(meaning.schedules[0].name, NAME_SHOWN) if len(meaning.schedules) == 1 else ""
    if meaning.verb == "name":
        return (f"What would you like to do with {name}?",)
    if any(acts(offer.command) for offer in offers):
        labels = " or ".join(f'"{offer.label}"' for offer in offers)
        return (f"Nothing has been done yet. Did you mean {labels}?",)
    if meaning.verb == "cancel" and name:
        return (f"{name} has no active run, so there's nothing to cancel.",)
    return ("I didn't recognize a command in that, so nothing was done. I can show you the status or the logs.",)
