"""Foreign text is inert wherever it's shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.text import Bold, Channel, Code, Emoji, Link, Mention, Sentence, When
from bot.slack.blocks.mrkdwn import JOINER, mrkdwn, plain

AT = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
ACTIVE = re.compile(r"<(?!/?$)[^>]*>|(?<![\w\u2060])[*_~](?=\S)|(?<!\u2060):[\w+'-]+:|@(?:here|channel|everyone)\b")


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        (("a & b <c>",), "a &amp; b &lt;c&gt;"),
        ((Bold("Nightly"), " is running"), "*Nightly* is running"),
        ((Code("dbt run -s x & y"),), "`dbt run -s x &amp; y`"),
        # The backticks stay, and aren't replaced with letters that look like them.
        ((Code("dbt run -s `x` & y"),), f"{JOINER}dbt run -s {JOINER}`x{JOINER}` &amp; y{JOINER}"),
        ((Mention("U0ADA"),), "<@U0ADA>"),
        ((Channel("C0DATA"),), "<#C0DATA>"),
        ((Link("https://x.test/a", "run 1"),), "<https://x.test/a|run 1>"),
        ((When(AT),), f"<!date^{int(AT.timestamp())}^{{time}}|14:20 UTC>"),
        (
            (When(AT, "date_time"),),
            f"<!date^{int(AT.timestamp())}^{{date_short_pretty}} at {{time}}|2026-11-23 14:20 UTC>",
        ),
        ((Emoji("x"),), ":x:"),
        (("stg_orders and 2*3*4",), "stg_orders and 2*3*4"),
        (("_x_",), f"{JOINER}_x{JOINER}_"),
        ((":smile:",), f"{JOINER}:smile:"),
        (("@channel",), f"@{JOINER}channel"),
    ],
)
def test_each_span_has_its_markup(sentence: Sentence, text: str) -> None:
    """Each span gets its markup, and names can be copied out unchanged."""
    assert mrkdwn(sentence) == text


@pytest.mark.parametrize(
    "sentence",
    [
        (Mention("<!channel>"),),
        (Mention("U1|x> <!here"),),
        (Channel("C1><@U1"),),
        (Link("javascript:alert(1)", "x"),),
        (Link("https://x.test/|<!here>", "x"),),
        (Emoji("x: <!here>"),),
        (Bold("<!everyone>"), Code("<!everyone>")),
    ],
)
def test_a_forged_span_shows_as_text(sentence: Sentence) -> None:
    """A span with an invalid id or address is shown as text."""
    assert not re.search(r"<[!@#]|<javascript|<https://x\.test/\|<", mrkdwn(sentence))


@given(st.text())
def test_no_text_mentions_links_or_formats(text: str) -> None:
    """Text never becomes a mention, a link or formatting, no matter what a schedule is called or a log says."""
    assert not ACTIVE.search(mrkdwn((text,)))
    inside = mrkdwn((Bold(text),))
    assert not inside or (inside[0], inside[-1]) == ("*", "*")
    assert not ACTIVE.search(inside[1:-1])
    code = mrkdwn((Code(text),))
    assert code.count("`") == code.count(f"{JOINER}`") or code.count("`") == 2
    assert "<" not in code


def test_a_dialog_has_no_markup_at_all() -> None:
    """A dialog is plain text."""
    assert plain(("Cancel run 4711 of ", Bold("Nightly"), "?")) == "Cancel run 4711 of Nightly?"
