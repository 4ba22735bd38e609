"""Messages as text."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from bolt_sandbox.terminal import Viewer, message_lines, plain

VIEWER = Viewer({"U1": "ada", "C1": "data-eng", "S1": "data-team"}, UTC, now=1_700_000_600.0)


@pytest.mark.parametrize(
    ("mrkdwn", "text"),
    [
        ("*hi* <@U1>", "*hi* @ada"),
        ("<@U9>", "@U9"),
        ("<#C1>", "#data-eng"),
        ("<#C1|other>", "#other"),
        ("<!here>", "@here"),
        ("<!subteam^S1|@team>", "@team"),
        ("<!subteam^S1>", "@data-team"),
        ("<!subteam^S9>", "@S9"),
        ("<https://x.io|Open>", "Open (https://x.io)"),
        ("<https://x.io>", "https://x.io"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("at <!date^1700000000^{time}^https://x.io|22:13 UTC>", "at 22:13"),
        ("<!date^1700000000^{date_short_pretty} at {time_secs}|x>", "Nov 14, 2023 at 22:13:20"),
        ("<!date^1700000000^{ago}|x>", "10 minutes ago"),
        ("<!date^soon^{time}|then>", "then"),
        ("a\x1b[31mb\x07", "a[31mb"),
    ],
)
def test_markup(mrkdwn: str, text: str) -> None:
    """Markup is shown as in Slack, and no control character reaches the terminal."""
    assert plain(mrkdwn, VIEWER) == text


def test_blocks() -> None:
    """Blocks are shown in order, and buttons as labels."""
    message: dict[str, Any] = {
        "text": "spoken",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Run* by <@U1>"}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "main"}]},
            {
                "type": "rich_text",
                "elements": [
                    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\n<@U1>"}]},
                ],
            },
            {"type": "divider"},
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": {"type": "plain_text", "text": "Cancel run"}},
                    {"type": "button", "text": {"type": "plain_text", "text": "Open"}},
                ],
            },
            {"type": "hologram"},
        ],
        "files": [{"name": "run.log", "size": 7}],
    }
    assert message_lines(message, VIEWER) == [
        "*Run* by @ada",
        "main",
        "│ a",
        "│ <@U1>",
        "─" * 40,
        "[Cancel run] [Open]",
        "(hologram)",
        "(file: run.log, 7 bytes)",
    ]


def test_text_alone() -> None:
    """Without blocks, the text is shown."""
    assert message_lines({"text": "one\ntwo"}, VIEWER) == ["one", "two"]


def test_mentions_in_rich_text() -> None:
    """People and user groups are shown by name if their name is known."""
    elements = [
        {"type": "user", "user_id": "U1"},
        {"type": "text", "text": " of "},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "text", "text": ", not "},
        {"type": "usergroup", "usergroup_id": "S9"},
    ]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
    assert message_lines({"blocks": [block]}, VIEWER) == ["@ada of @data-team, not @S9"]
