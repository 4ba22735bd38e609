"""Buttons that do what a mistyped command meant."""

from __future__ import annotations

from dataclasses import replace

from bot.core.buttons import START_SUGGESTED, suggestion_value
from bot.core.command import RunCommand, canonical
from bot.core.message import Button, Buttons
from bot.core.suggest import Missing
from bot.core.text import cut

VALUE_LIMIT = 2000


def suggestions(wanted: RunCommand, missing: Missing) -> Buttons | None:
    """A button for each near name, None where there is none."""
    buttons: list[Button] = []
    for schedule in missing.suggestions[:3]:
        value = suggestion_value(canonical(replace(wanted, schedule=schedule.slug)))
        if len(value) <= VALUE_LIMIT:
            action = f"{START_SUGGESTED}.{len(buttons)}"
            buttons.append(Button(action, cut(f"Run {schedule.slug}", 75), value=value))
    return Buttons(tuple(buttons)) if buttons else None
