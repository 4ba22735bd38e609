"""Masking private keys between their BEGIN and END lines, whole or cut off at either end."""

from __future__ import annotations

import re

from bot.core.redact.shapes import MASK

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?! •••)")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BLANK_LINE = re.compile(r"\n[ \t\r]*+\n")
_LIMIT = 16_000
# A blank line separates the headers of an encrypted key from the key itself.
_HEADERS = re.compile(r"\s{0,4}(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n){0,5}\s{0,4}")
_KEY_LINE = re.compile(r"\0?[ \t]*+[A-Za-z0-9+/=\\]*+\s*+")


def mask_private_keys(text: str) -> str:
    """Mask each private key up to its END line, or, without one, up to the next blank line or a limit.

    For a key whose beginning was cut off, mask the base64 lines before its END line.
    """
    if "PRIVATE KEY" not in text:
        return text
    parts: list[str] = []
    at = 0
    begun, ended = _BEGIN.search(text), _END.search(text)
    while begun or ended:
        if ended and (begun is None or ended.start() < begun.start()):
            parts += [_before_end(text[at : ended.start()]), ended[0]]
            at = ended.end()
        elif begun:
            parts += [text[at : begun.end()], f" {MASK}"]
            at = _key_end(text, begun, ended)
        begun = begun if begun and begun.start() >= at else _BEGIN.search(text, at) if begun else None
        ended = ended if ended and ended.start() >= at else _END.search(text, at) if ended else None
    return "".join(parts) + text[at:]


def _key_end(text: str, begun: re.Match[str], ended: re.Match[str] | None) -> int:
    limit = min(len(text), begun.end() + _LIMIT)
    if ended and ended.start() <= limit:
        return ended.end()
    headers = _HEADERS.match(text, begun.end(), limit)
    blank = _BLANK_LINE.search(text, headers.end() if headers else begun.end(), limit)
    return blank.start() if blank else limit


def _before_end(text: str) -> str:
    """Mask the trailing lines that can belong to a key in the text before a stray END line."""
    start = max(0, len(text) - _LIMIT)
    lines = text[start:].replace("\\n", "\n\0").split("\n")
    kept = len(lines)
    while kept and _KEY_LINE.fullmatch(lines[kept - 1]):
        kept -= 1
    if not any(len(line) >= 8 for line in lines[kept:]):
        return text
    return text[:start] + "\n".join(lines[:kept]).replace("\n\0", "\\n") + ("\n" if kept else "") + f"{MASK}\n"
