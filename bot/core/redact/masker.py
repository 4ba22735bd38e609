"""The masker: what is secret is replaced before anything is posted, uploaded or logged.

Four rules, in this order.

Exact: the values of our own secret settings, from 6 characters on (shorter ones would mask ordinary words), also as
they look in an address, in JSON, in Python's own writing and in a page; and the beginning of one that was cut off (`…`).

Extra: the patterns of a deployment, masked as a whole (`bot.core.redact.patterns` reads them).

By shape: private keys (`bot.core.redact.keys`), user and password in addresses, headers, tokens that carry their maker's
prefix, JSON Web Tokens, signatures in addresses (`bot.core.redact.shapes`).

By name: the value after a name that speaks of a secret (`bot.core.redact.names`).

The time is linear in the text, a hostile one too. Each pattern starts at something fixed, or at the edge of a word that
is then taken whole (possessively); it runs over one set of characters, and either succeeds, and what it took is not
read again, or fails within a bound. No pattern is tried on a text that lacks the letters that it begins with: to look
for those is many times faster. ANSI codes inside a secret hide it: strip them first.
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

__all__ = ["MASK", "SHORTEST_EXACT", "Redactor"]

SHORTEST_EXACT = 6
CUT = "…"


class Redactor:
    """Masks secrets. `exact` are values to be masked wherever they stand; `extra` are patterns masked as a whole."""

    def __init__(self, exact: Iterable[str] = (), extra: Iterable[re.Pattern[str]] = ()) -> None:
        values = {form for value in exact if len(value.strip()) >= SHORTEST_EXACT for form in _forms(value)}
        # The longest first: a value may be a part of another.
        self._exact = sorted(values, key=len, reverse=True)
        heads = sorted({re.escape(value[:SHORTEST_EXACT]) for value in values})
        self._begun = re.compile(f"(?:{'|'.join(heads)})[^{CUT}\n]{{0,1000}}+{CUT}") if heads else None
        self._extra = tuple(extra)

    def mask(self, text: str) -> str:
        """The text with every secret replaced."""
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
        """What was begun like one of our values and cut off, masked if it is one."""
        begun = found[0].removesuffix(CUT)
        for value in self._exact:
            at = begun.find(value[:SHORTEST_EXACT])
            while at >= 0 and not value.startswith(begun[at:]):
                at = begun.find(value[:SHORTEST_EXACT], at + 1)
            if at >= 0:
                return begun[:at] + MASK + CUT
        return found[0]


def _forms(value: str) -> set[str]:
    """A value as it may be written: plain, in an address (both cases of its escapes), in JSON, by Python, in a page."""
    encoded = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), form) for form in encoded}
    written = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    return {value, html.escape(value, quote=False)} | written | encoded | lower
