"""The bundled fonts: which characters they have, and how wide they are."""

from __future__ import annotations

import pytest

from bot.charts.fonts import FILES, FOLDER, Weight, font, parse

BOLD = font("semibold")
NAMES = {
    "Nightly full build": "Nightly full build",
    "Hourly 🎉 orders": "Hourly orders",
    "Backfill 2019–2026": "Backfill 2019–2026",
    "$x_{2}$ \\frac": "$x_{2}$ \\frac",
    "Données/été": "Données/été",
    "Donne\u0301es": "Données",
    "Ежедневный отчёт": "Ежедневный отчёт",
    "Ημερήσια πώληση": "Ημερήσια πώληση",
    "Hằng đêm": "Hằng đêm",
    "تقرير المبيعات": "",
    "日本語": "",
    "nightly 日本語": "",
    "🎉🎉": "",
    "a\u202eb\u200dc\n\tab": "abc ab",
    "a\x00\x07\ud800b": "ab",
    "": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_drawn_as_far_as_it_can_be(name: str) -> None:
    """A name loses characters that can't be drawn, or is left out if it would look like another."""
    assert BOLD.drawable(name) == NAMES[name]


@pytest.mark.parametrize("weight", FILES)
def test_latin_greek_and_cyrillic_are_covered(weight: Weight) -> None:
    """Latin, Greek and Cyrillic letters are covered, and each character in the charts' own words."""
    letters = [*range(0x20, 0x7F), *range(0xA1, 0x180), *range(0x3AC, 0x3CF), *range(0x410, 0x450)]
    # Except the withdrawn n with an apostrophe, and the soft hyphen, which is invisible.
    wanted = {chr(code) for code in letters} - {"ŉ", "\xad"} | set("…↑–—’“”€")
    assert {char for char in wanted if not font(weight).has(char)} == set()


def test_widths_add_up() -> None:
    """Widths add up and are proportional to the size, and wide letters are wider than narrow ones."""
    assert BOLD.width("mi", 10) == pytest.approx(BOLD.width("m", 10) + BOLD.width("i", 10))
    assert BOLD.width("mi", 20) == pytest.approx(2 * BOLD.width("mi", 10))
    assert BOLD.width("m", 10) > 2 * BOLD.width("i", 10)
    assert BOLD.width("日", 10) == 10
    assert BOLD.width("word", 10) > font("regular").width("word", 10)


def test_a_text_is_cut_to_fit() -> None:
    """A text that doesn't fit is cut with an ellipsis; one that fits stays whole."""
    assert BOLD.fitted("short", 20, 100) == "short"
    cut = BOLD.fitted("a very long name indeed", 20, 100)
    assert cut.endswith("…")
    assert BOLD.width(cut, 20) <= 100
    assert "a very long name indeed".startswith(cut[:-1])
    assert not cut[:-1].endswith(" ")


def test_a_font_without_the_table_is_refused() -> None:
    """A font without the table of characters is refused rather than drawn with wrong widths."""
    data = bytearray(FILES["regular"].read_bytes())
    cmap = int.from_bytes(data[data.index(b"cmap") + 8 :][:4], "big")
    data[cmap + 2 : cmap + 4] = b"\0\0"
    with pytest.raises(ValueError, match="format 12"):
        parse(bytes(data))


def test_their_license_is_with_them() -> None:
    """The fonts' license is with them, as it requires."""
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "OFL.txt").read_text(encoding="utf-8")
