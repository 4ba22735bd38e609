"""Quoting values for the command grammar."""

from __future__ import annotations

ESCAPED = frozenset("\"'\\“”„‟«»＂‘’‚‛‹›＇")


def quoted(text: str) -> str:
    """Quote a value, with Slack's escapes, so that `tokenize` reads it back unchanged."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    escaped = "".join(f"\\{letter}" if letter in ESCAPED else letter for letter in text)
    return f'"{escaped}"'
