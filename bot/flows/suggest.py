"""Buttons that do what a mistyped command meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.core.buttons import START_SUGGESTED, command_value
from bot.core.command import RunCommand, Wanted, canonical
from bot.core.message import Button, Buttons
from bot.core.text import cut

VALUE_LIMIT = 2000
MOST = 3


def suggestions(wanted: Wanted, near: Sequence[str]) -> Buttons | None:
    """A button for each slug that may have been meant, None where there is none."""
    buttons: list[Button] = []
    for slug in near[:MOST]:
        starts = isinstance(wanted, RunCommand)
        meant = replace(wanted, schedule=slug) if isinstance(wanted, RunCommand) else replace(wanted, latest_of=slug)
        value = command_value(canonical(meant))
        if len(value) <= VALUE_LIMIT:
            action = f"{START_SUGGESTED}.{len(buttons)}"
            buttons.append(Button(action, cut(f"{'Run' if starts else 'Retry'} {slug}", 75), value=value))
    return Buttons(tuple(buttons)) if buttons else None
