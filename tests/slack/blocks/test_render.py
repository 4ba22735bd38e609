"""Messages as Block Kit, within Slack's limits whatever they contain."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bolt_sandbox.slack.validate import check_blocks
from bot.core.text.message import Button, Buttons, Choice, Confirm, Facts, Message, Paragraph, Preformatted
from bot.core.text.text import Bold, Code, Link, Sentence
from bot.slack.blocks.render import render

SPANS = st.one_of(
    st.text(max_size=4000),
    st.builds(Bold, st.text(max_size=500)),
    st.builds(Code, st.text(max_size=500)),
    st.builds(Link, st.just("https://x.test/a"), st.text(max_size=200)),
)
SENTENCES = st.lists(SPANS, min_size=1, max_size=6).map(tuple)
BUTTONS = st.builds(
    Button,
    action=st.sampled_from(["run.cancel", "run.open", "start.another"]),
    label=st.text(min_size=1, max_size=300),
    value=st.text(max_size=2000),
    style=st.sampled_from([None, "primary", "danger"]),
    confirm=st.none()
    | st.builds(Confirm, *[st.text(min_size=1, max_size=400), SENTENCES, st.just("Yes"), st.just("No")]),
    spoken=st.none() | st.text(min_size=1, max_size=300),
)
BLOCKS = st.one_of(
    st.builds(Paragraph, SENTENCES),
    st.builds(Facts, SENTENCES),
    st.builds(Preformatted, st.text(max_size=9000)),
    st.lists(BUTTONS, min_size=1, max_size=5, unique_by=lambda button: button.action).map(
        lambda made: Buttons(tuple(made))
    ),
)


@settings(max_examples=60, deadline=None)
@given(SENTENCES, st.lists(BLOCKS, max_size=6))
def test_whatever_is_shown_slack_takes_it(text: Sentence, blocks: list[Paragraph]) -> None:
    """Any message passes the rules of the sandbox's Slack, which are independent of this module."""
    shown, made = render(Message(text, tuple(blocks)))
    assert len(shown) <= 4000
    check_blocks(made)


def test_a_value_that_would_be_cut_is_refused() -> None:
    """A value that is too long is refused, because a cut value would make a button do something else."""
    with pytest.raises(ValueError, match=r"run\.cancel"):
        render(Message(("x",), (Buttons((Button("run.cancel", "x", value="v" * 2001),)),)))


def test_a_menu_is_part_of_a_row() -> None:
    """A menu is an element of a row, and a value that is too long for it is refused, as with buttons."""
    menu = Button("incident.snooze", "Snooze", choices=(Choice("Snooze 1 h", "1h"), Choice("x" * 200, "4h")))
    _, made = render(Message(("x",), (Buttons((Button("run.cancel", "x"), menu)),)))
    check_blocks(made)
    assert made[0]["elements"][1]["options"][0]["value"] == "1h"
    with pytest.raises(ValueError, match=r"incident\.snooze"):
        render(Message(("x",), (Buttons((Button("incident.snooze", "x", choices=(Choice("x", "v" * 76),)),)),)))


def test_log_lines_are_not_parsed() -> None:
    """Text in a box isn't markup, so it isn't escaped either."""
    _, (block,) = render(Message(("x",), (Preformatted("<!here> & *x*"),)))
    assert block["elements"][0]["elements"] == [{"type": "text", "text": "<!here> & *x*"}]


def test_a_long_excerpt_keeps_head_and_tail() -> None:
    """A long excerpt keeps its beginning and end, and says that characters are left out."""
    _, (block,) = render(Message(("x",), (Preformatted("head" + "." * 9000 + "tail"),)))
    text = block["elements"][0]["elements"][0]["text"]
    assert text.startswith("head")
    assert text.endswith("tail")
    assert "characters left out" in text
    assert len(text) <= 3000
