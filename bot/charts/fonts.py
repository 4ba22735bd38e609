"""The bundled fonts: where their files are, which characters they have, and how wide a text is in them.

A few lines of our own read these files, because a layout needs nothing else from a font, and a font library is larger
than the whole bot. The format is OpenType: https://learn.microsoft.com/typography/opentype/spec/
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Weight = Literal["regular", "semibold"]

FAMILY = "Inter"
FOLDER = Path(__file__).parent / "fonts"
FILES: dict[Weight, Path] = {"regular": FOLDER / "Inter-Regular.otf", "semibold": FOLDER / "Inter-SemiBold.otf"}
ELLIPSIS = "…"
# The format of the subtable that maps all of Unicode to glyphs.
FULL_CMAP = 12


@dataclass(frozen=True, slots=True)
class Font:
    """The advance width of each character, in units per em."""

    units_per_em: int
    advances: dict[int, int]

    def has(self, char: str) -> bool:
        """Whether the font can draw a character."""
        return ord(char) in self.advances

    def width(self, text: str, size: float) -> float:
        """How wide a text is, without kerning. A character that the font lacks counts as an em."""
        return sum(self.advances.get(ord(char), self.units_per_em) for char in text) * size / self.units_per_em

    def fitted(self, text: str, size: float, width: float) -> str:
        """Cut a text so that it fits."""
        if self.width(text, size) <= width:
            return text
        while text and self.width(text + ELLIPSIS, size) > width:
            text = text[:-1].rstrip()
        return text + ELLIPSIS

    def drawable(self, text: str) -> str:
        """Return the part of a text that the font can draw, or nothing if that part would be misleading.

        Emoji and invisible characters are left out. The result is empty if the font lacks a letter, because that would
        change a name, and for right-to-left text, whose words would be in the wrong order.
        """
        flat = unicodedata.normalize("NFC", " ".join(text.split()))
        if any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in flat):
            return ""
        kept = "".join(char for char in flat if self.has(char) and unicodedata.category(char) not in {"Cc", "Cf"})
        letters = sum(char.isalnum() for char in flat)
        if sum(char.isalnum() for char in kept) < max(1, letters):
            return ""
        return " ".join(kept.split())


@cache
def font(weight: Weight) -> Font:
    """A bundled font."""
    return parse(FILES[weight].read_bytes())


def parse(data: bytes) -> Font:
    """Read an OpenType font. Raises ValueError if the font has no table for all of Unicode."""
    tables = _tables(data)
    (units_per_em,) = struct.unpack_from(">H", data, tables["head"] + 18)
    (metrics,) = struct.unpack_from(">H", data, tables["hhea"] + 34)
    # Each is an advance and a bearing; the last advance applies to all further glyphs.
    widths = struct.unpack_from(f">{metrics * 2}H", data, tables["hmtx"])[::2]
    advances = {
        char: widths[min(glyph, metrics - 1)]
        for first, last, glyph_of_first in _groups(data, tables["cmap"])
        for glyph, char in enumerate(range(first, last + 1), glyph_of_first)
    }
    return Font(units_per_em, advances)


def _tables(data: bytes) -> dict[str, int]:
    """The offset of each table."""
    (count,) = struct.unpack_from(">H", data, 4)
    records = (struct.unpack_from(">4s4xI4x", data, 12 + 16 * at) for at in range(count))
    return {tag.decode("ascii"): offset for tag, offset in records}


def _groups(data: bytes, cmap: int) -> list[tuple[int, int, int]]:
    """The ranges of characters, each with its first and its last character and the glyph of the first."""
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    for at in range(count):
        (offset,) = struct.unpack_from(">4xI", data, cmap + 4 + 8 * at)
        kind, groups = struct.unpack_from(">H10xI", data, cmap + offset)
        if kind == FULL_CMAP:
            return [struct.unpack_from(">3I", data, cmap + offset + 16 + 12 * group) for group in range(groups)]
    raise ValueError("the font has no cmap of format 12")
