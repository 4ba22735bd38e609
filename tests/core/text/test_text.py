"""Sentences as data, and the few ways to write numbers and to cut texts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.text import (
    Bold,
    Code,
    Emoji,
    Link,
    Mention,
    cut,
    cut_middle,
    duration,
    mapped_sentence,
    plural,
    rounded_up,
    size,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (38.4, "38 s"),
        (59.6, "1 min"),
        (252, "4 min 12 s"),
        (4800, "1 h 20 min"),
        (7200, "2 h"),
        (3 * 86400 + 4 * 3600, "3 d 4 h"),
        (3 * 86400, "3 d"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    """A duration has at most two units, and is never negative."""
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(312, "312 bytes"), (4_100, "4.1 kB"), (1_200_000, "1.2 MB")])
def test_sizes_have_their_unit(count: int, text: str) -> None:
    """Sizes use powers of ten."""
    assert size(count) == text


def test_plurals() -> None:
    """One is singular, and irregular plurals can be given."""
    assert (plural(1, "test"), plural(2, "test"), plural(2, "query", "queries")) == ("1 test", "2 tests", "2 queries")


@given(st.text(max_size=200), st.integers(1, 250))
def test_a_cut_text_fits(text: str, limit: int) -> None:
    """A cut text fits its limit, and a text that fits stays as it is."""
    shown = cut(text, limit)
    assert len(shown) <= limit
    assert len(text) > limit or shown == text


@given(st.text(max_size=400))
def test_a_text_that_fits_is_not_cut_in_the_middle(text: str) -> None:
    """A text that fits stays as it is, even if it fits exactly."""
    assert cut_middle(text, len(text)) == text
    assert cut_middle(text, 401) == text


@given(st.text(min_size=1, max_size=20), st.integers(50, 450))
def test_a_text_cut_in_the_middle_fits_and_keeps_head_and_tail(piece: str, limit: int) -> None:
    """The beginning and the end stay, with a line between them that says how much is missing."""
    text = piece * 500
    shown = cut_middle(text, limit)
    assert limit - 2 <= len(shown) <= limit
    cut = re.fullmatch(r"(.*)\n… (\d+) characters left out …\n(.*)", shown, re.DOTALL)
    assert cut is not None
    head, missing, tail = cut.groups()
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) + int(missing) + len(tail) == len(text)
    assert 0 < len(head) < len(tail)


def test_expected_ends_are_rounded_up() -> None:
    """Expected ends are rounded up to five minutes."""
    at = datetime(2026, 11, 23, 14, 31, 5, tzinfo=UTC)
    assert rounded_up(at) == datetime(2026, 11, 23, 14, 35, tzinfo=UTC)
    assert rounded_up(rounded_up(at)) == rounded_up(at)


def test_every_visible_text_is_changed_and_nothing_else() -> None:
    """Visible text is changed; addresses, people and emoji stay."""
    sentence = ("a", Bold("b"), Code("c"), Link("https://d.test", "d"), Mention("U1"), Emoji("x"))
    changed = ("A", Bold("B"), Code("C"), Link("https://d.test", "D"), Mention("U1"), Emoji("x"))
    assert mapped_sentence(sentence, str.upper) == changed
