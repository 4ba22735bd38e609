"""Secrets never leave in a message, whatever escaping does to them."""

from __future__ import annotations

import pytest

from bot.core.message import Button, Buttons, Confirm, Facts, Message, Paragraph, Preformatted
from bot.core.redact import Redactor
from bot.core.text import Bold, Code, Link
from bot.slack.client import SlackChat

SECRETS = (
    "our<own>&secret_-value",
    "glpat-abcdEFGH_-jklMNOP1234",
    "eyJhbGciOi-_JIUzI1NiJ9.eyJzdWIi-_OiIxMjM0In0.dozjgNryP4J3jVmN-_HRH",
    "ghp_abcdEFGH1234567890abcdEFGH1234567890",
)


@pytest.fixture
def chat() -> SlackChat:
    """A client that masks, and calls nobody."""
    return SlackChat("xoxb-1", "http://127.0.0.1:1/", Redactor(SECRETS[:1]).mask)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_every_part_of_a_message(chat: SlackChat, secret: str) -> None:
    """Text, bold, code, links, facts, excerpts, labels and dialogs."""
    confirm = Confirm("Sure?", (f"with {secret}",), "Yes", "No")
    button = Button("a", f"Run {secret}", value="v", confirm=confirm, spoken=f"Run {secret}")
    sentence = (f"It said {secret} ", Bold(secret), " ", Code(secret), Link("https://x.test", secret))
    blocks = (Paragraph(sentence), Facts(sentence), Preformatted(f"x {secret} y"), Buttons((button,)))
    shown = str(chat.content(Message(sentence, blocks))).replace("\u2060", "")
    for piece in (secret, secret[8:], secret[:-8]):
        assert piece not in shown
    assert "•••" in shown
