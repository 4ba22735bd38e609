"""New lines of a log in few posts, cut to head and tail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.log_tail import LogBatch
from bot.core.model.run import RunKey
from bot.core.text.message import Buttons, Message, Preformatted
from bot.core.views.buttons import STOP_TAIL
from bot.core.views.live_log import ENDED, GONE, HOUR, SHOWN, LogLines, batch_post, pause_s

KEY = RunKey("w", 4711)


def gathered(*lines: str) -> LogLines:
    """A batch of these lines."""
    made = LogLines()
    made.add(lines)
    return made


def same(text: str) -> str:
    """Mask nothing."""
    return text


def test_a_few_lines_are_shown_as_they_are() -> None:
    """A few lines are shown as they are, without color codes."""
    assert gathered("a", "\x1b[31mb\x1b[0m", "", "c").shown(same) == "a\nb\n\nc"


def test_of_many_lines_the_first_and_the_last_are_shown() -> None:
    """Of many lines, the first and last are shown, with the number of lines left out between them."""
    shown = gathered(*(f"line {number}" for number in range(10_000))).shown(same)
    assert len(shown) <= SHOWN
    lines = shown.split("\n")
    assert lines[0] == "line 0"
    assert lines[-1] == "line 9999"
    (note,) = [line for line in lines if line.startswith("…")]
    assert note == f"… {10_000 - (len(lines) - 1)} lines left out …"


def test_a_secret_of_many_lines_is_recognized_together() -> None:
    """Lines are masked together, so a secret across several lines is recognized."""
    shown = gathered("begin", "secret-one", "secret-two", "end").shown(
        lambda text: text.replace("secret-one\nsecret-two", "•••")
    )
    assert shown == "begin\n•••\nend"


@given(st.lists(st.text(max_size=3000), max_size=300))
def test_whatever_is_printed_it_fits(lines: list[str]) -> None:
    """A batch always fits, even if it has nothing but long lines."""
    assert len(gathered(*lines).shown(same)) <= SHOWN


def test_posts_come_further_and_further_apart() -> None:
    """Pauses between posts grow to eight times the first pause."""
    pauses = [pause_s(posts, 15) for posts in range(1, 30)]
    assert pauses[0] == 15
    assert pauses == sorted(pauses)
    assert pauses[-1] == 120


def buttons(message: Message) -> list[str]:
    """Labels of the buttons."""
    return [one.label for block in message.blocks if isinstance(block, Buttons) for one in block.buttons]


def test_the_first_post_can_be_stopped() -> None:
    """Only the first post has a button to stop following."""
    batch = LogBatch("dbt run", 2, "a\nb", 7, "2:0")
    message = batch_post(KEY, batch, 0)
    assert [getattr(span, "text", span) for span in message.text] == [
        "2 new lines in the log",
        " of ",
        "dbt run",
        " (run 4711)",
        ":",
    ]
    assert buttons(message) == ["Stop following"]
    assert STOP_TAIL in str(message)
    assert message.blocks[1] == Preformatted("a\nb")
    assert buttons(batch_post(KEY, batch, 1)) == []


def test_the_last_post_says_why_it_is_the_last() -> None:
    """The last post says why it's the last one, and after an hour it has a button to go on."""
    ended = batch_post(KEY, LogBatch("dbt run", 1, "a", 7, "1:0", ENDED), 3)
    assert ended.text[-1] == "Run 4711 has ended, so its log is complete."
    assert buttons(ended) == []
    hour = batch_post(KEY, LogBatch("", 0, "", 7, "1:0", HOUR), 3)
    assert "for an hour" in str(hour.text)
    assert buttons(hour) == ["Keep following"]
    assert "Run 4711 is no longer in Bolt" in str(batch_post(KEY, LogBatch("", 0, "", 7, "", GONE), 0).text)
