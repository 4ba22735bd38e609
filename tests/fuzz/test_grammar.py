"""Any typed text is parsed quickly, to a command or to a sentence that says why it isn't one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.commands.bot_mention import behind_mention
from bot.core.commands.grammar import parse
from bot.core.commands.tokens import LINE_MOST
from bot.core.commands.verbs import VERBS
from bot.core.model.errors import BadCommand

# Longer lines are refused before they're read.
LONG = LINE_MOST
WORDS = (
    *VERBS,
    *(
        "--branch",
        "--pr",
        "--command",
        "--reason",
        "--all",
        "--follow",
        "--runs",
        "--continue-on-error",
        "-b",
        "—branch",
        "--",
    ),
    *(
        "=",
        '"',
        "'",
        "“",
        "”",
        "„",
        "«",
        "»",
        "`",
        "\\",
        "<@U1>",
        "<#C1|x>",
        "<https://app.paradime.io/bolt/run_id/7|r>",
    ),
    *(
        "4711",
        "#4711",
        "run-4711",
        "99999999999999999999",
        "-1",
        "0",
        "٣",
        "²",
        "\u2028",
        "\x00",
        "\u202e",
        "\ud800",
        "&lt;",
        "&amp;",
    ),
    *("nightly", "a b", " ", "\n", "\t", "🎉", "é", "e\u0301", "", "help", "?"),
)
LINES = st.lists(st.sampled_from(WORDS), max_size=12).flatmap(
    lambda words: st.sampled_from((" ", "", "  ")).map(lambda between: between.join(words))
)
TYPED = LINES | st.text(st.characters(), max_size=200)


def outcome(text: str, *, run_id: int | None = None) -> str:
    """The command's kind, or the sentence that refuses it."""
    try:
        return type(parse(text, "/bolt", run_id=run_id)).__name__
    except BadCommand as bad:
        return bad.sentence


@settings(max_examples=300)
@given(TYPED, st.none() | st.integers(1, 2**31 - 1))
def test_any_text_is_a_command_or_a_sentence(text: str, run_id: int | None) -> None:
    """Any text is a command or a sentence, and the same text always gives the same result."""
    said = outcome(text, run_id=run_id)
    assert said
    assert len(said) <= 500
    assert outcome(text, run_id=run_id) == said


@given(TYPED)
def test_any_message_is_read(text: str) -> None:
    """Any message can be read: the text after a mention, if any, is a command or a sentence."""
    behind = behind_mention(f"<@U0BOT> {text}", "U0BOT")
    if behind is not None:
        assert outcome(behind)


@pytest.mark.parametrize(
    "piece",
    # One verb is enough, because parsing takes the same time for every verb.
    [
        "run",
        *WORDS[len(VERBS) :],
        "a",
        '"a" ',
        "'",
        "--a=",
        "((",
        "run ",
        'run "',
        "—",
        "<",
        "<<",
        "&",
        "&#",
        "\\\\",
        "x" * 50 + " ",
    ],
)
def test_the_time_is_bounded(piece: str) -> None:
    """Any text, however hostile and long, is answered within the time that Slack allows."""
    for before in ("", "run ", "logs ", 'run nightly --command "'):
        text = (before + (piece or "x") * LONG)[:LONG]
        began = time.process_time()
        assert outcome(text)
        assert time.process_time() - began < 1.5


def test_what_is_too_long_is_not_read() -> None:
    """Text that's too long isn't read, and the answer gives the limit."""
    assert "The limit is 40000" in outcome("x" * (LINE_MOST + 1))
    assert outcome("run " + "x" * 10) == "RunCommand"
