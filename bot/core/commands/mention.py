"""Messages to the bot: which are commands, and what is said in them."""

from __future__ import annotations

import re

# What may stand around a mention that a message begins with: "@bolt: run nightly", "*@bolt run nightly*".
_MARKS = "*_~"
_GAP = r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"

# "@bolt's card is wrong" talks about the bot, not to it.
_POSSESSIVE = re.compile(r"['’]s\b")


def behind_mention(text: str, bot_user: str) -> str | None:
    """What stands behind the mention of the bot that a message begins with, "" where nothing does.

    None where the message does not begin with one: a mention in the middle of a sentence, or in a quotation, asks for
    nothing.
    """
    text = _unmarked(text.strip())
    mention = re.compile(rf"{_GAP}(?:<@{re.escape(bot_user)}(?:\|[^<>]*)?>{_GAP}[:,]?{_GAP})+")
    found = mention.match(text)
    if found is None or _POSSESSIVE.match(text, found.end()):
        return None
    return text[found.end() :].strip()


def _unmarked(text: str) -> str:
    """The text without the marks of bold, italic or struck words that stand around all of it."""
    while len(text) > 2 and text[0] in _MARKS and text[-1] == text[0]:
        text = text[1:-1].strip()
    return text
