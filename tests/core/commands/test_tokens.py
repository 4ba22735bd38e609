"""A typed line as words: quotes, code, Slack's escapes, and what a phone makes of dashes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands.tokens import (
    LINE_MOST,
    Token,
    by_id,
    for_a_shell,
    tokenize,
    visible,
    without_fence,
)
from bot.core.model.errors import BadCommand
from bot.core.text.quoting import quoted


def words(text: str) -> list[str]:
    """The words alone."""
    return [token.text for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run nightly", [Token("run"), Token("nightly")]),
        ('"a b"', [Token("a b", quoted=True, closed=True)]),
        ("`a b`", [Token("a b", quoted=True, closed=True, code=True)]),
        ("--x='a b'", [Token("--x=a b", closed=True)]),
        ("x='a", [Token("x='a")]),
        ("don't", [Token("don't")]),
    ],
)
def test_a_word_knows_how_it_was_quoted(text: str, expected: list[Token]) -> None:
    """A quoted word is never an option; the value of an option may be quoted, and an apostrophe quotes nothing."""
    assert tokenize(f"x {text}")[1:] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<https://x.test|x.test> a", ["x.test", "a"]),
        ("<https://app.test/bolt/run_id/7|my run>", ["https://app.test/bolt/run_id/7"]),
        ("<@U1|ada> <#C1|general> <!here>", ["@ada", "#general", "!here"]),
        ("5&lt;6 &amp;lt;", ["5<6", "&lt;"]),
        ("a\u200bb\u00a0c", ["ab", "c"]),
        ("*`run x`*", ["run", "x"]),
        ("*a* *b*", ["*a*", "*b*"]),
    ],
)
def test_a_line_is_read_as_it_was_typed(text: str, expected: list[str]) -> None:
    """Links (except to runs) and mentions become their text; invisible characters and outer formatting are dropped."""
    assert words(text) == expected


@pytest.mark.parametrize(
    "text", ["a\nb", "a\x1bb", "a\ud800", '"a', "`a", "`a`b", 'a"b"', '"a"b"', "x" * (LINE_MOST + 1)]
)
def test_what_could_be_read_in_two_ways_is_refused(text: str) -> None:
    """Several lines, control characters, unclosed quotes, quotes inside a word, and overlong lines are refused."""
    with pytest.raises(BadCommand):
        tokenize(text)


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Zs"))).map(lambda text: f"{text}."))
def test_what_is_quoted_is_read_back(text: str) -> None:
    """Any text that is quoted is read back unchanged, because buttons carry commands as text."""
    assert tokenize(f"run {quoted(text)}")[1:] == [Token(text, quoted=True, closed=True)]


def test_people_are_known_by_id() -> None:
    """Mentions are reduced to ids, because somebody else may have the name that Slack puts beside an id."""
    assert by_id("audit --user <@U1|ada> <#C1|general>") == "audit --user <@U1> <#C1>"


def test_a_field_of_a_form_is_read_on_one_line() -> None:
    """Invisible characters in a form's field are dropped; control characters are refused."""
    assert visible(" late\u200b \u00a0data\u202e ") == "late  data"
    with pytest.raises(BadCommand):
        visible("late\x00data")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("```dbt run```", "dbt run"),
        ("`dbt run`", "dbt run"),
        ("`a` `b`", "`a` `b`"),
        ("dbt `run`", "dbt `run`"),
        ("`", "`"),
    ],
)
def test_only_backticks_around_the_whole_are_formatting(text: str, plain: str) -> None:
    """Only backticks around the whole text are removed: a shell would run the text between any others."""
    assert without_fence(text) == plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("dbt run —select a –s b", "dbt run --select a -s b"),
        ("dbt run ---select a", "dbt run ---select a"),
        ("dbt run --vars “{a: ‘b’}”", "dbt run --vars \"{a: 'b'}\""),
        ("echo 5 −3 — x a–b", "echo 5 −3 — x a–b"),
    ],
)
def test_a_shell_gets_plain_quotes_and_dashes(typed: str, plain: str) -> None:
    """A dash in a sentence, in a word or before a number stays unchanged."""
    assert for_a_shell(typed) == plain
