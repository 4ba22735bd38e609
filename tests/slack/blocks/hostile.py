"""Texts that would do something if they weren't made inert."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from bot.slack.blocks.mrkdwn import JOINER

PIECES = (
    *(
        "<!channel>",
        "<!here|here>",
        "<!everyone>",
        "<!subteam^S1|@team>",
        "<@U1>",
        "<#C1|general>",
        "<!date^1^{ago}|x>",
    ),
    *(
        "<https://evil.test|Bolt>",
        "<https://evil.test>",
        "<mailto:a@evil.test|mail>",
        "https://evil.test",
        "<",
        ">",
        "|",
    ),
    *("&lt;!here&gt;", "&amp;", "&", "@channel", "@HERE", "@Everyone", "@", "#general", ":smile:", ":", ":+1:", "::"),
    *("*", "_", "~", "`", "```", "**", "__", "> ", "\n>", "\n>>> ", "&gt;", "- ", "# ", "[x](https://evil.test)", "\\"),
    *("\n", "\t", "\r", "\r\n", " ", "\u2028", "\u00a0", "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b"),
    *(
        "\u202e",
        "\u202d",
        "\u2066",
        "\u2069",
        "\u200b",
        "\ufeff",
        JOINER,
        "\ud800",
        "\udfff",
        "🎉",
        "👩‍💻",
        "é",
        "שלום",
    ),
    *("a", "b1", "nightly", "channel", "here", "stg_orders", "../", "..\\", "C:", '"', "'", ".log", "x" * 300),
)
HOSTILE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join) | st.text(
    st.characters(), max_size=400
)

# Characters that can't be seen, that change the direction of the text around them, or that can't be encoded.
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PINGS = re.compile(r"@(?:channel|here|everyone)", re.IGNORECASE)
# Markup that we write ourselves: one of our addresses, a time, or a person or channel by id.
OURS = re.compile(
    r"<https://(?:app\.example|x\.test|acme\.slack\.com)[^|<>]*\|[^<>]*>"
    r"|<!date\^\d+\^(?:\{[a-z_]+\}|\{date_short_pretty\} at \{time\})\|[^<>]*>|<@[UW][A-Z0-9]+>|<#[CGD][A-Z0-9]+>"
)
LIVE = re.compile(
    rf"(?<!{JOINER})`"
    rf"|(?<![A-Za-z0-9{JOINER}])[*_~]|(?<!{JOINER})[*_~](?![A-Za-z0-9])"
    rf"|(?<!{JOINER}):[\w+'-]{{1,100}}:"
    r"|(?m:^&gt;)"
    r"|[<>]"
)

# The address in one of our links, whose label is still to be checked.
ADDRESS = re.compile(r"(?<=<)https:[^|<>]*\|")
# One of our code spans.
CODE = re.compile(rf"(?<!{JOINER})`[^`\n]*`")


def live(text: str) -> list[str]:
    """Find everything that Slack would interpret in a stranger's text, rendered as mrkdwn."""
    return [found[0] for pattern in (LIVE, PINGS, UNSEEN) for found in pattern.finditer(text)]


def texts(made: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - blocks, views, options
    """Every text in blocks with its kind: mrkdwn, plain_text, a leaf of rich text, or a spoken label."""
    if isinstance(made, list):
        for one in made:
            yield from texts(one)
    if not isinstance(made, dict):
        return
    if isinstance(made.get("text"), str):
        kind = str(made["type"])
        assert kind != "mrkdwn" or made["verbatim"] is True
        assert kind != "plain_text" or made["emoji"] is False
        assert kind != "text" or set(made) == {"type", "text"}
        yield kind, made["text"]
    if isinstance(made.get("accessibility_label"), str):
        yield "spoken", made["accessibility_label"]
    for name, one in made.items():
        if name != "text" or not isinstance(one, str):
            yield from texts(one)


def checked(made: Any) -> None:  # noqa: ANN401 - as above
    """Check that nothing in these blocks has an effect that we don't intend."""
    found = list(texts(made))
    assert found
    for kind, text in found:
        assert UNSEEN.findall(text) == []
        if kind == "mrkdwn":
            sentence(text)


def sentence(text: str) -> None:
    """Check a sentence of ours in mrkdwn: its only tokens are ours, and it mentions people only by id."""
    assert re.findall(r"[<>]", OURS.sub("", text)) == []
    # In code and in addresses, Slack interprets no words.
    assert PINGS.findall(CODE.sub("", ADDRESS.sub("", text))) == []
    assert UNSEEN.findall(text) == []
    # One of our code spans ends in the right place: text from others in it contains no backtick.
    assert len(re.findall(rf"(?<!{JOINER})`", text)) % 2 == 0
