"""Messages as data: every text in one can be masked, and one without its blocks still says what matters."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.text.message import (
    Button,
    Buttons,
    Choice,
    Confirm,
    Facts,
    Heading,
    Message,
    Paragraph,
    Preformatted,
    mapped,
    without_blocks,
)
from bot.core.text.text import Bold, Code, Emoji, Link, Mention, Sentence, When

SECRET = "hunter2"  # noqa: S105 - a made-up one
TEXT: Sentence = ("a hunter2", Bold("b hunter2"), Code("c hunter2"), Link("https://x.test/hunter2", "d hunter2"))
CLICK = Button(
    "act", "go hunter2", value="hunter2", confirm=Confirm("sure hunter2?", TEXT, "yes", "no"), spoken="say hunter2"
)
MESSAGE = Message(
    TEXT, (Heading("h hunter2"), Paragraph(TEXT), Facts(TEXT), Preformatted("p hunter2"), Buttons((CLICK,)))
)


def hidden(text: str) -> str:
    """The masked text."""
    return text.replace(SECRET, "•••")


def test_no_text_in_a_message_stays_unmasked() -> None:
    """Every text is masked: in each kind of block, and in a button's label, its question and its spoken label."""
    masked = mapped(MESSAGE, hidden)
    left = repr(masked).replace("https://x.test/hunter2", "").replace("value='hunter2'", "")
    assert SECRET not in left
    assert left.count("•••") == repr(MESSAGE).count(SECRET) - 1 - repr(MESSAGE).count("x.test/hunter2")


def test_what_a_click_brings_back_stays() -> None:
    """Values and addresses aren't masked, because changing them would change what they do."""
    masked = mapped(MESSAGE, hidden)
    (row,) = [block for block in masked.blocks if isinstance(block, Buttons)]
    assert (row.buttons[0].value, row.buttons[0].action) == (SECRET, "act")
    assert masked.text[3] == Link("https://x.test/hunter2", "d •••")


def test_people_times_and_emoji_are_no_text() -> None:
    """People, times and emoji aren't masked, because a changed id would name another person."""
    kept: Sentence = (Mention("U1"), When(datetime(2026, 1, 1, tzinfo=UTC)), Emoji("x"))
    assert mapped(Message(kept), lambda _: "•••").text == kept


def test_without_blocks_the_boxes_and_small_print_are_text() -> None:
    """Without blocks, a message keeps its boxes and small print as text, without repeats and without buttons."""
    plain = without_blocks(Message(("It broke.",), (*MESSAGE.blocks, Preformatted("x" * 500))), 100)
    assert plain.blocks == ()
    assert plain.text[0] == "It broke."
    assert "p hunter2" in plain.text
    assert Bold("b hunter2") in plain.text
    assert all(len(span) <= 100 for span in plain.text if isinstance(span, str))
    assert "go hunter2" not in plain.text


def test_without_blocks_small_print_that_the_text_has_is_not_repeated() -> None:
    """Small print that the text already contains isn't repeated."""
    facts: Sentence = (Bold("nightly"), ", run 7")
    message = Message(("It broke. ", *facts), (Paragraph(("It broke. ",)), Facts(facts), Facts(("by ada",))))
    assert without_blocks(message, 100).text == ("It broke. ", *facts, "\n", "by ada")


def test_a_menus_labels_are_changed_and_its_values_kept() -> None:
    """A menu's labels are changed and its values kept, as with buttons."""
    menu = Button("incident.snooze", "snooze", choices=(Choice("one hour", "1h"),))
    changed = mapped(Message(("x",), (Buttons((menu,)),)), str.upper)
    assert changed.blocks == (Buttons((Button("incident.snooze", "SNOOZE", choices=(Choice("ONE HOUR", "1h"),)),)),)
