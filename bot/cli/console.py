"""Helpers for commands: settings, printing, exit statuses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings import Settings

USAGE_STATUS = 2


def read_settings() -> Settings | None:
    """Read the settings from the environment. Returns None after printing what is wrong with them."""
    # Imported here, so that a command without settings starts fast.
    from bot.settings import SettingsError, load_settings, unknown  # noqa: PLC0415

    for line in unknown():
        complain(line)
    try:
        return load_settings()
    except SettingsError as error:
        for line in error.lines:
            complain(line)
        return None


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Print a line to stderr."""
    sys.stderr.write(f"{line}\n")
