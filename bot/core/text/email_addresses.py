"""Email addresses in text from people or from Bolt: recognizing them, and leaving them out of posts."""

from __future__ import annotations

import re

ADDRESS_MOST = 254
_ADDRESS = re.compile(r"[^\s<>()\[\],;:@\"']{1,64}@[^\s<>()\[\],;:@\"']{1,255}")
_SPACE = re.compile(r"\s+")
_BRACKETS = str.maketrans(dict.fromkeys('<>()[]"', " "))


def address_in(word: str) -> str | None:
    """The only email address in a text, in lower case, or None if it has none or several."""
    found = [one.strip(".").lower() for one in _ADDRESS.findall(word)]
    return found[0] if len(found) == 1 and len(found[0]) <= ADDRESS_MOST else None


def without_addresses(word: str) -> str:
    """A text without its email addresses: only the other words if they're a name, else the part before each @."""
    named = _SPACE.sub(" ", _ADDRESS.sub(" ", word).translate(_BRACKETS)).strip(" ,;:")
    if any(sign.isalnum() for sign in named) and not _ADDRESS.search(named):
        return named
    while _ADDRESS.search(word):
        word = _ADDRESS.sub(lambda found: found[0].partition("@")[0], word)
    return _SPACE.sub(" ", word).strip(" <>:")
