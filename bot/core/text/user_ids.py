"""Telling Slack user ids apart from names and other words."""

from __future__ import annotations

import re

_USER = re.compile(r"[UW](?=[A-Z]*\d)[A-Z0-9]{3,20}")


def is_user(word: str) -> bool:
    """Whether a word is a Slack user id, rather than Bolt's word for a person."""
    return _USER.fullmatch(word) is not None
