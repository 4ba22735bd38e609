"""The reply if a name finds no schedule, or several: a sentence, and a button for each schedule that may be meant.

`bot.core.schedules.lookup` decides which schedules may be meant.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.core.model.command import Command, RunCommand, canonical, with_name
from bot.core.model.request import Request
from bot.core.schedules.lookup import Ambiguous, Missing
from bot.core.text.message import LABEL_MOST, Button, Buttons, Message, Paragraph
from bot.core.text.text import Sentence, cut
from bot.core.views.buttons import START_SUGGESTED, VALUE_LIMIT, command_button, suggestion_value

# A mistyped name gets three suggestions; an ambiguous name may get more.
OFFERED_MOST = 5


def suggestions(request: Request) -> Buttons | None:
    """A button for each slug that a refused request may have meant, or None if there are none."""
    buttons: list[Button] = []
    for slug in request.near[:OFFERED_MOST]:
        starts = isinstance(request.start_command, RunCommand)
        value = suggestion_value(canonical(with_name(request.start_command, slug)), request.id, slug)
        if len(value) <= VALUE_LIMIT:
            action = f"{START_SUGGESTED}.{len(buttons)}"
            buttons.append(Button(action, cut(f"{'Run' if starts else 'Retry'} {slug}", LABEL_MOST), value=value))
    return Buttons(tuple(buttons)) if buttons else None


def not_found(schedule_text: str, found: Ambiguous | Missing) -> str:
    """Explain why a name doesn't identify a schedule, and what to do."""
    if isinstance(found, Ambiguous):
        return f'"{schedule_text}" is the name of several schedules. Use one of their slugs: {", ".join(found.slugs)}.'
    names = [schedule.slug for schedule in found.suggestions]
    if not names:
        return f'There\'s no schedule "{schedule_text}". Check the name or slug in Bolt.'
    return f'There\'s no schedule "{schedule_text}". Did you mean {" or ".join(names)}?'


def did_you_mean(schedule_text: str, found: Ambiguous | Missing, again: Callable[[str], Command]) -> Message:
    """The sentence of `not_found`, with a button for each schedule that may be meant. `again` builds a slug's command."""
    slugs = found.slugs if isinstance(found, Ambiguous) else tuple(one.slug for one in found.suggestions)
    buttons: list[Button] = []
    for number, slug in enumerate(slugs[:OFFERED_MOST]):
        command = again(slug)
        verb = canonical(command).partition(" ")[0].capitalize()
        buttons.append(command_button(cut(f"{verb} {slug}", LABEL_MOST), command, number=number))
    text: Sentence = (not_found(schedule_text, found),)
    return Message(text, (Paragraph(text), Buttons(tuple(buttons)))) if buttons else Message(text)
