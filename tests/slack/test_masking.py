"""Secrets never leave in a message, whatever escaping does to them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.bolt import Schedule
from bot.core.form import Filled, Form, changed_note, own_commands
from bot.core.message import Button, Buttons, Confirm, Facts, Message, Paragraph, Preformatted
from bot.core.redact import Redactor
from bot.core.text import Bold, Code, Link
from bot.core.typeahead import Index
from bot.slack.blocks.form import run_form
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


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_every_part_of_a_form(chat: SlackChat, secret: str) -> None:
    """Names, notes and what was typed; what travels with the form, and what a choice brings back, stays whole."""
    one = Schedule(
        1,
        "u",
        f"{'x' * (70 - len(secret))} Run {secret}",
        "nightly",
        "OFF",
        "ui",
        f"{secret}@example.com",
        git_branch=secret,
    )
    mask = Redactor(SECRETS[:1]).mask
    offer = Index.of([one]).offer(one, mask)
    own = own_commands("nightly", (f"echo {secret}", "dbt run"), mask)
    filled = Filled(
        "nightly", "dev", "1", f"curl {secret}", own.mark, own.offered, reason=f"for {secret}", channel="C1"
    )
    for form in (Form(filled, offer, own, mask(secret), kept=True), Form(replace(filled, commands=""), offer, own)):
        made = run_form(replace(form, notes=(changed_note(form),)))
        shown = chat.view(made)
        assert secret[8:] not in str(shown).replace("\u2060", "")
        assert (shown["private_metadata"], shown["callback_id"]) == (made["private_metadata"], made["callback_id"])
        assert shown["blocks"][0]["element"]["initial_option"]["value"] == "nightly"
