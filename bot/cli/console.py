"""Helpers for commands: settings, printing, exit statuses."""

from __future__ import annotations

import sys

from bot.settings import Settings, SettingsError, load_settings, unknown

USAGE_STATUS = 2


def read_settings() -> Settings | None:
    """Read the settings from the environment. Returns None after printing what is wrong with them."""
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
