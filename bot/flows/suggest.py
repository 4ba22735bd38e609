"""Buttons that do what a mistyped command meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.core.buttons import START_SUGGESTED, command_value
from bot.core.command import RunCommand, canonical
from bot.core.message import Button, Buttons
from bot.core.text import cut

VALUE_LIMIT = 2000
MOST = 3


def suggestions(wanted: RunCommand, near: Sequence[str]) -> Buttons | None:
    """A button for each slug that may have been meant, None where there is none."""
    buttons: list[Button] = []
    for slug in near[:MOST]:
        value = command_value(canonical(replace(wanted, schedule=slug)))
        if len(value) <= VALUE_LIMIT:
            action = f"{START_SUGGESTED}.{len(buttons)}"
            buttons.append(Button(action, cut(f"Run {slug}", 75), value=value))
    return Buttons(tuple(buttons)) if buttons else None
