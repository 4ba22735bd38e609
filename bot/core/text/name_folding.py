"""Name folding: the single definition of "the same name" for lookups, filters, suggestions and type-ahead.

`bot.core.schedules.lookup` decides which similar names are suggested.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Every lookup folds every name of the list again, so results are cached.
REMEMBERED = 16_384

# Slack's short names for emoji, and the characters that only join or tint an emoji.
_SHORT_NAME = re.compile(r":[a-z0-9_+'-]+:")
_JOINERS = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|:skin-tone-[2-6]:")
_ENDINGS = " .,;:!?…"
_GAPS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
# Combining classes (Unicode, table 4-1) of base letters and of marks that form a different letter rather than an
# accented one: nukta, kana voicing, virama.
_KEPT = frozenset({0, 7, 8, 9})


@lru_cache(maxsize=REMEMBERED)
def fold(text: str) -> str:
    """Fold a name so that names that look alike compare equal.

    Ignores case, accents, character width, runs of spaces, dashes and underscores, and punctuation at the end. An emoji
    equals its Slack short name.
    """
    folded = _plain(text)
    if _SHORT_NAME.search(folded):
        import emoji  # noqa: PLC0415 - few names need it, and it takes 3 MB

        folded = _plain(emoji.emojize(folded, language="alias"))
    return _GAPS.sub(" ", folded).strip().rstrip(_ENDINGS)


def _plain(text: str) -> str:
    """Drop case, accents, character width, and the characters that only join or tint emoji."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        kept = "".join(one for one in apart if unicodedata.combining(one) in _KEPT)
        text = unicodedata.normalize("NFC", kept)
    return _JOINERS.sub("", text.casefold())
