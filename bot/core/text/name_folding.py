"""Names as they are compared: the one way in which lookups, filters, suggestions and type-ahead see a name alike."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import emoji

# Each lookup folds every name of the list again.
REMEMBERED = 16_384

# How Slack writes an emoji that was typed, and what may stand inside or behind the emoji itself.
_SHORT_NAME = re.compile(r":[a-z0-9_+'-]+:")
_JOINERS = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|:skin-tone-[2-6]:")
_ENDINGS = " .,;:!?…"
_GAPS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
# Combining classes (Unicode, table 4-1) of letters, and of marks that make another letter, not an accented one: nukta,
# voicing of kana, virama.
_KEPT = frozenset({0, 7, 8, 9})


@lru_cache(maxsize=REMEMBERED)
def fold(text: str) -> str:
    """Fold a name: without regard to case, accents, the width of characters, and runs of spaces, dashes and underscores.

    An emoji is the same as its short name in Slack, and punctuation at the end doesn't count.
    """
    folded = _plain(text)
    if _SHORT_NAME.search(folded):
        folded = _plain(emoji.emojize(folded, language="alias"))
    return _GAPS.sub(" ", folded).strip().rstrip(_ENDINGS)


def _plain(text: str) -> str:
    """Without regard to case, accents and width, and without what only joins or tints emoji."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        kept = "".join(one for one in apart if unicodedata.combining(one) in _KEPT)
        text = unicodedata.normalize("NFC", kept)
    return _JOINERS.sub("", text.casefold())
