"""The answer to `help`: all commands, or one with examples."""

from __future__ import annotations

from bot.core.commands.verbs import VERBS
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Code, Sentence, Span


def usage(topic: str | None, command: str, mention: str = "") -> Message:
    """List all commands, or one with its examples. `command` is the slash command, `mention` how to mention the bot."""
    rows = VERBS[topic].help if topic in VERBS else tuple(verb.help[0] for verb in VERBS.values())
    spans: list[Span] = []
    for at, (text, what) in enumerate(rows):
        spans += ["\n" if at else "", Code(f"{command} {text}"), f" {what}"]
    if mention and topic is None:
        spans += ["\nIn a card's thread, ", Code(f"{mention} cancel"), " and other commands don't need a run id."]
    body: Sentence = tuple(spans)
    return Message(body, (Paragraph(body),))
