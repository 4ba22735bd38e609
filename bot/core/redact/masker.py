"""Masking: replace secrets before anything is posted, uploaded or logged.

`bot.slack.client` masks everything that goes to Slack, and `bot.logging` everything that is logged.

Four rules, in this order.

Exact: the values of the bot's own secret settings, if they have at least 6 characters (shorter ones would mask ordinary
words), also as they appear in URLs, JSON, Python literals and HTML; and the beginning of a value that was cut off
(`…`).

Extra: a deployment's own patterns, masked as a whole (`bot.core.redact.operator_patterns` reads them).

By shape: private keys (`bot.core.redact.keys`), usernames and passwords in URLs, headers, tokens with a vendor's
prefix, JSON Web Tokens, signatures in URLs (`bot.core.redact.shapes`).

By name: the value after a name that suggests a secret (`bot.core.redact.names`).

The time is linear in the length of the text, even for hostile text. Each pattern starts at a fixed text, or at the edge
of a word that it then takes whole (possessively). From there, it reads characters of one set, and either matches, so
that they aren't read again, or fails within a bound. A pattern is skipped if the text lacks the letters that it begins
with, because searching for those is many times faster. ANSI codes inside a secret hide it, so strip them first.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from bot.core.redact.keys import mask_private_keys
from bot.core.redact.names import mask_named
from bot.core.redact.shapes import MASK, mask_cut, mask_shapes

__all__ = ["MASK", "SHORTEST_EXACT", "Masker"]

SHORTEST_EXACT = 6
CUT = "…"


class Masker:
    """Masks secrets. `exact` are values to mask wherever they occur; `extra` are patterns to mask as a whole."""

    def __init__(self, exact: Iterable[str] = (), extra: Iterable[re.Pattern[str]] = ()) -> None:
        values = {form for value in exact if len(value.strip()) >= SHORTEST_EXACT for form in _forms(value)}
        # The longest first, because a value may be part of another.
        self._exact = sorted(values, key=len, reverse=True)
        heads = sorted({re.escape(value[:SHORTEST_EXACT]) for value in values})
        self._begun = re.compile(f"(?:{'|'.join(heads)})[^{CUT}\n]{{0,1000}}+{CUT}") if heads else None
        self._extra = tuple(extra)

    def mask(self, text: str) -> str:
        """Replace every secret in a text."""
        for value in self._exact:
            text = text.replace(value, MASK)
        if self._begun is not None and CUT in text:
            text = self._begun.sub(self._cut_off, text)
        for pattern in self._extra:
            text = pattern.sub(MASK, text)
        text = mask_private_keys(text)
        text = mask_named(mask_shapes(text))
        return mask_cut(text) if CUT in text else text

    def _cut_off(self, found: re.Match[str]) -> str:
        """Mask a cut-off text if it begins one of the exact values."""
        begun = found[0].removesuffix(CUT)
        for value in self._exact:
            at = begun.find(value[:SHORTEST_EXACT])
            while at >= 0 and not value.startswith(begun[at:]):
                at = begun.find(value[:SHORTEST_EXACT], at + 1)
            if at >= 0:
                return begun[:at] + MASK + CUT
        return found[0]


def _forms(value: str) -> set[str]:
    """The ways to write a value: plain, in a URL (both cases of its escapes), in JSON, as a Python literal, in HTML."""
    encoded = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), form) for form in encoded}
    written = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    return {value, html.escape(value, quote=False)} | written | encoded | lower
