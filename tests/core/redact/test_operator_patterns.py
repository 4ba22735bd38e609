"""A deployment's own patterns for secrets: bounded ones are accepted, and others are refused by their number."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.redact.masker import MASK, Masker
from bot.core.redact.operator_patterns import LENGTH_MOST, PATTERNS_MOST, STEPS_MOST, PatternError, read_patterns

NONE, EMPTY, ENDLESS = "isn't a valid one", "also matches an empty string", "has an unbounded repeat"
STEPS, BACK = "could take too many steps", "refers back to a group"


@pytest.mark.parametrize(
    ("pattern", "text", "masked"),
    [
        (r"acme_[a-z0-9]{8}", "id acme_ab12cd34.", "id •••."),
        (r"acme-\d+", "id acme-123.", "id •••."),
        (r"(?i)acme-\w+", "id ACME-x1, acme-y2", "id •••, •••"),
        (r"(?<=customer )\d{8}", "customer 12345678 of 12345678", "customer ••• of 12345678"),
        (r"one|two+", "one two twoo", "••• ••• •••"),
        (r"(?:ab|c)+", "x abcab y", "x ••• y"),
        (r"(?P<kind>a|b)-\d{1,3}", "a-1 b-222", "••• •••"),
        (r"[a-z]{8,40}-[a-z]{8,40}", "abcdefgh-ijklmnop", "•••"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "x 2afce824-1bb2-442a-8877-3852e7f8a602", "x •••"),
        (r"(?>ab?)c", "abc ac", "••• •••"),
        (r"^note: .+", "note: a b\nno note: c", "•••\nno note: c"),
        (r"x?+y", "xy", "•••"),
        (r"k(?=\d)\d", "k1 ka", "••• ka"),
        (r"é{2}", "éé", "•••"),
    ],
)  # fmt: skip
def test_what_is_bounded_is_taken(pattern: str, text: str, masked: str) -> None:
    """A bounded pattern is accepted, and each of its matches is masked as a whole."""
    assert Masker(extra=read_patterns(pattern)).mask(text) == masked


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", NONE),
        ("[a", NONE),
        ("[[a]b", NONE),
        ("a**", NONE),
        ("*", NONE),
        ("\\", NONE),
        ("(?P<a>x)(?P<a>y)", NONE),
        ("(?<=a+)b", NONE),
        ("a{4294967296}", NONE),
        ("x*", EMPTY),
        ("x?", EMPTY),
        (r"\b", EMPTY),
        ("^$", EMPTY),
        ("(?=x)", EMPTY),
        ("a|", EMPTY),
        ("(a+)+b", ENDLESS),
        ("(a+)+", ENDLESS),
        ("(?:a|a)+b", ENDLESS),
        ("(a|aa)+$", ENDLESS),
        (r"\w+x", ENDLESS),
        (r"\w++x", ENDLESS),
        (r"x.*y", ENDLESS),
        (r"x.*?y", ENDLESS),
        (r"x\d{3,}y", ENDLESS),
        (r"(?=a+)b", ENDLESS),
        (r"(?>a+)b", ENDLESS),
        (r"a{1,200}a{1,200}b", STEPS),
        (r"(?:a{1,100}){1,100}b", STEPS),
        (r"(?:a|aa){1,40}b", STEPS),
        (r"(?:a|aa){30,}", STEPS),
        (r"(?:a?){60}a{60}", STEPS),
        (r"(?:a{1000}){1000}", STEPS),
        (r"(?:(?:a{90}){90}){90}", STEPS),
        (r"a{6000}", STEPS),
        (r"([ab])\1", BACK),
        (r"(?P<q>[ab])x(?P=q)", BACK),
        (r"(a)?b(?(1)c|d)", BACK),
    ],
)
def test_what_is_not_is_refused(pattern: str, why: str) -> None:
    """An unbounded pattern is refused with the reason and its number."""
    with pytest.raises(PatternError) as refused:
        read_patterns(f"fine\n\n{pattern}\nalso fine")
    assert f"number 2 {why}" in str(refused.value)


def test_there_is_a_most_of_them() -> None:
    """Patterns are limited in number and length, because each one costs time on every text."""
    assert len(read_patterns("\n".join(["abc"] * PATTERNS_MOST))) == PATTERNS_MOST
    with pytest.raises(PatternError, match=f"at most {PATTERNS_MOST} patterns"):
        read_patterns("\n".join(["abc"] * (PATTERNS_MOST + 1)))
    assert read_patterns("a" * LENGTH_MOST)
    with pytest.raises(PatternError, match=f"number 1 is longer than {LENGTH_MOST}"):
        read_patterns("a" * (LENGTH_MOST + 1))


def test_blank_lines_and_blanks_do_not_count() -> None:
    """Blank lines and surrounding spaces don't count, however the variable was written."""
    assert [one.pattern for one in read_patterns("\n  abc \r\n\n\tdef\n")] == ["abc", "def"]
    assert read_patterns(" \n ") == ()


def told(pattern: str) -> str:
    """Why a pattern is refused, or an empty string if it's accepted."""
    try:
        read_patterns(pattern)
    except PatternError as refused:
        return str(refused)
    return ""


@given(st.text(st.sampled_from("ab(|)*+?{}[]\\1,2^$.:=!<>#x-"), max_size=30))
def test_any_text_is_taken_or_refused(pattern: str) -> None:
    """Any text is refused with a sentence of ours, or accepted; an accepted pattern never matches an empty string."""
    sentence = told(pattern)
    assert not sentence or "number 1 " in sentence
    if not sentence:
        assert not any(one.fullmatch("") for one in read_patterns(pattern))


BOUNDED = [
    r"[a-z]{8,40}-[a-z]{8,40}",
    r"(?:a|aa){1,9}b",
    r"a{1,40}a{1,40}b",
    r"(?:ab?){1,8}c",
    r"a.{0,90}b|a[ab]{1,40}c",
    "a+",
]


@pytest.mark.parametrize("pattern", BOUNDED)
def test_what_is_taken_comes_to_an_end(pattern: str) -> None:
    """An accepted pattern finishes on the text that is hardest for it; without the bound, some would run for years."""
    (taken,) = read_patterns(pattern)
    assert Masker(extra=[taken]).mask("a" * 20_000 + " end").endswith(" end")


def test_the_bound_is_one_of_steps() -> None:
    """Two repeats in one pattern count together against the limit of steps."""
    assert read_patterns("a{1,40}a{1,40}b")
    assert 2 * 40 * 40 < STEPS_MOST < 200 * 200
    assert isinstance(read_patterns("a")[0], re.Pattern)
    assert Masker(extra=read_patterns("•")).mask("x") == "x"
    assert Masker(extra=read_patterns("q")).mask("q") == MASK
