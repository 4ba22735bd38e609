"""Names as they're compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.name_folding import fold


@pytest.mark.parametrize(
    "names",
    [
        ("Café", "cafe", "CAFÉ", unicodedata.normalize("NFD", "Café"), "ｃａｆｅ"),
        ("Straße", "STRASSE", "strasse"),
        ("nightly build", "Nightly_Build", "nightly--build", "  nightly \t build ", "nightly\u2013build"),
        ("İzmir", "izmir"),
        ("Łódź".replace("Ł", "L"), "lodz"),
        ("Crème Brûlée", "creme-brulee"),
        ("パリ", "ﾊﾟﾘ"),
    ],
)
def test_these_are_the_same_name(names: tuple[str, ...]) -> None:
    """Names are equal regardless of case, accents, composition, width, and the separators between words."""
    assert len({fold(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("nightly", "nightly2"), ("night ly", "nightly"), ("ハ", "バ"), ("ハ", "パ"), ("क", "क्"), ("🎉", "🎊")],
)
def test_these_are_two_names(one: str, other: str) -> None:
    """A mark that makes a different letter doesn't count as an accent, and a space isn't ignored."""
    assert fold(one) != fold(other)


@pytest.mark.parametrize("name", ["", "---", " ", "—", "\u0301"])
def test_what_has_no_letters_folds_to_nothing(name: str) -> None:
    """A name without letters folds to nothing, so that it never matches anything."""
    assert not fold(name)


@given(st.text())
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    """Folding a folded name changes nothing."""
    assert fold(fold(name)) == fold(name)
