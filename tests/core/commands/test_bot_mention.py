"""Recognizing the messages that are commands."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands.bot_mention import behind_mention
from bot.core.commands.grammar import parse
from bot.core.model.errors import BadCommand

ME = "U0BOLTBOT"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<@U0BOLTBOT> run nightly", "run nightly"),
        ("<@U0BOLTBOT|bolt> run nightly", "run nightly"),
        ("  <@U0BOLTBOT>\u00a0cancel ", "cancel"),
        ("\u200b<@U0BOLTBOT>cancel", "cancel"),
        ("<@U0BOLTBOT>: cancel", "cancel"),
        ("<@U0BOLTBOT>, cancel", "cancel"),
        ("<@U0BOLTBOT> <@U0BOLTBOT> cancel", "cancel"),
        ("<@U0BOLTBOT>\ncancel", "cancel"),
        ("<@U0BOLTBOT>\nrun nightly\n--branch dev", "run nightly\n--branch dev"),
        ("*<@U0BOLTBOT> cancel*", "cancel"),
        ("<@U0BOLTBOT> `run nightly`", "`run nightly`"),
        ("<@U0BOLTBOT> run x --reason <@U0ADA>", "run x --reason <@U0ADA>"),
        ("<@U0BOLTBOT>", ""),
        (" <@U0BOLTBOT> ", ""),
    ],
)
def test_what_begins_with_a_mention_is_a_command(text: str, said: str) -> None:
    """A message that begins with a mention is a command, whatever formatting or punctuation surrounds the mention."""
    assert behind_mention(text, ME) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "run nightly",
        "thanks <@U0BOLTBOT>!",
        "could <@U0BOLTBOT> run nightly?",
        "<@U0ADA> ask <@U0BOLTBOT>",
        "&gt; <@U0BOLTBOT> run nightly",
        "&lt;@U0BOLTBOT&gt; run nightly",
        "`<@U0BOLTBOT> run nightly`",
        "@bolt run nightly",
        "<@U0BOLTBOT2> run nightly",
        "<#U0BOLTBOT> run nightly",
        "<@U0BOLTBOT>'s card is wrong",
        "<@U0BOLTBOT>’s card is wrong",
    ],
)
def test_what_only_speaks_of_the_bot_is_none(text: str) -> None:
    """Thanks, quotations, code, and mentions of others aren't commands."""
    assert behind_mention(text, ME) is None


PIECES = st.lists(
    st.sampled_from(
        ["<@U0BOLTBOT>", "<@U0ADA>", " ", "\n", "*", "_", "~", "`", ":", ",", "’s", "\u200b", "run", "|", "<"]
    ),
    max_size=30,
).map("".join)


@given(st.text(max_size=200) | PIECES)
def test_whatever_is_written_it_is_a_part_of_it_or_nothing(text: str) -> None:
    """The command is always part of the message."""
    said = behind_mention(text, ME)
    assert said is None or said in text


@given(st.text(max_size=200) | PIECES)
def test_whatever_stands_behind_a_mention_is_a_command_or_refused_in_a_sentence(text: str) -> None:
    """Any text after a mention either parses or raises BadCommand, in a thread and elsewhere."""
    said = behind_mention(f"<@{ME}> {text}", ME)
    for run_id in (None, 4711):
        with contextlib.suppress(BadCommand):
            parse(said or "", "@bolt", run_id=run_id)


@given(
    st.sampled_from(["run nightly", "cancel 4711", "`run nightly`", "*logs 4711*"]),
    st.sampled_from("\n\r\u2028\x0b\x85"),
)
def test_a_second_line_is_never_lost(line: str, gap: str) -> None:
    """A second line is refused rather than dropped, because an option on it would change what is run."""
    with pytest.raises(BadCommand):
        parse(behind_mention(f"<@{ME}> {line}{gap}--branch dev", ME) or "")
