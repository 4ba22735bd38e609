"""Argument types. Each returns the value, or raises ArgumentTypeError, which says what it should be.

Subcommands and the text of usage errors are in `bot.cli`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from enum import StrEnum

from bot.setting_types import SLASH_COMMAND

PORT_MOST = 65535
SPEED_MOST = 1000


def port(text: str) -> int:
    """Parse a port number."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > PORT_MOST:
        raise argparse.ArgumentTypeError(f"should be a port number up to {PORT_MOST}")
    return int(text)


def speed(text: str) -> float:
    """Parse a speed factor."""
    try:
        factor = float(text)
    except ValueError:
        factor = 0
    if not 0 < factor <= SPEED_MOST:
        raise argparse.ArgumentTypeError(f"should be a number above 0 and up to {SPEED_MOST}")
    return factor


def slack_id(kinds: str) -> Callable[[str], str]:
    """Return a parser of Slack ids that begin with one of these letters."""

    def check(text: str) -> str:
        if not re.fullmatch(rf"[{kinds}][A-Z0-9]{{2,20}}", text):
            raise argparse.ArgumentTypeError(f"should be a Slack id that begins with one of {', '.join(kinds)}")
        return text

    return check


def words(kind: type[StrEnum]) -> str:
    """List an enum's values, for help."""
    return ", ".join(kind)


def address(text: str) -> str:
    """Parse a public address for Slack."""
    if not re.fullmatch(r"https://[\w.:\[\]-]+(/[\w./-]*)?", text):
        raise argparse.ArgumentTypeError("should be an address that begins with https://")
    return text


def slash_command(text: str) -> str:
    """Parse a slash command's name."""
    if not re.fullmatch(SLASH_COMMAND, text):
        raise argparse.ArgumentTypeError("should be a slash command of at most 32 characters, as in /bolt")
    return text
