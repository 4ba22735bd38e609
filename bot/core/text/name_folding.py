"""Names as they are compared: the one way in which lookups, filters, suggestions and type-ahead see a name alike."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Each lookup folds every name of the list again.
REMEMBERED = 16_384

_GAPS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
# Combining classes (Unicode, table 4-1) of letters, and of marks that make another letter, not an accented one: nukta,
# voicing of kana, virama.
_KEPT = frozenset({0, 7, 8, 9})


@lru_cache(maxsize=REMEMBERED)
def fold(text: str) -> str:
    """Fold a name: without regard to case, accents, the width of characters, and runs of spaces, dashes and underscores."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        kept = "".join(one for one in apart if unicodedata.combining(one) in _KEPT)
        text = unicodedata.normalize("NFC", kept)
    return _GAPS.sub(" ", text.casefold()).strip()
