"""The answer to `help`: all commands, or one with examples.

Each command's lines are in `bot.core.commands.verbs`.
"""

from __future__ import annotations

from bot.core.commands.verbs import VERBS
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Code, Sentence, Span, cut


def usage(topic: str | None, prefix: str, mention: str = "", *, unknown: str | None = None) -> Message:
    """List all commands, or one with its examples.

    `prefix` is the slash command, and `mention` is the text that mentions the bot. `unknown` is the word that was typed
    instead of a command.
    """
    rows = VERBS[topic].help if topic in VERBS else tuple(verb.help[0] for verb in VERBS.values())
    spans: list[Span] = []
    for at, (text, what) in enumerate(rows):
        spans += ["\n" if at else "", Code(f"{prefix} {text}"), f" {what}"]
    if mention and topic is None:
        spans += ["\nIn a card's thread, ", Code(f"{mention} cancel"), " and other commands don't need a run id."]
    body: Sentence = (*_unknown(unknown, topic), *spans)
    return Message(body, (Paragraph(body),))


def _unknown(word: str | None, topic: str | None) -> Sentence:
    if word is None:
        return ()
    then = f"Did you mean {topic}?" if topic else "Here are all the commands:"
    return (f'There\'s no command "{cut(word, 40)}". {then}\n',)
