"""Extracting commands from messages that mention the bot.

`bot.slack.events.user_message` handles these messages.
"""

from __future__ import annotations

import re

# Formatting that may surround the mention that begins a message: "@bolt: run nightly", "*@bolt run nightly*".
_MARKS = "*_~"
_GAP = r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"

# "@bolt's card is wrong" is about the bot, not addressed to it.
_POSSESSIVE = re.compile(r"['’]s\b")


def behind_mention(text: str, bot_user: str) -> str | None:
    """Return the text after a leading mention of the bot, or "" if there is none.

    Returns None if the message doesn't begin with the mention: one in the middle of a sentence or in a quotation isn't
    a request.
    """
    text = _unmarked(text.strip())
    mention = re.compile(rf"{_GAP}(?:<@{re.escape(bot_user)}(?:\|[^<>]*)?>{_GAP}[:,]?{_GAP})+")
    found = mention.match(text)
    if found is None or _POSSESSIVE.match(text, found.end()):
        return None
    return text[found.end() :].strip()


def _unmarked(text: str) -> str:
    """Remove bold, italic or strikethrough marks that surround the whole text."""
    while len(text) > 2 and text[0] in _MARKS and text[-1] == text[0]:
        text = text[1:-1].strip()
    return text
