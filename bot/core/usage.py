"""What `help` says."""

from __future__ import annotations

from bot.core.message import Message, Paragraph
from bot.core.text import Code, Sentence, Span

_ROWS = {
    "run": (
        ('run <schedule> [--branch B] [--pr N] [--command "…"]… [--reason "…"]', "starts a run"),
        ("run nightly", "by slug"),
        ('run "Nightly full build" --branch dev --pr 123', "by name, on a branch, for a pull request"),
        ('run nightly --command "dbt run --select staging" --command "dbt test"', "with commands of your own"),
    ),
    "cancel": (("cancel <run id>", "cancels a run, without a further question"), ("cancel 4711", "an example")),
    "status": (("status <run id>", "tells how a run stands, to you alone"), ("status 4711", "an example")),
    "help": (("help [command]", "tells what there is, or one command with examples"),),
}


def usage(topic: str | None, command: str) -> Message:
    """All commands, or one with its examples. `command` is the slash command's name."""
    rows = _ROWS.get(topic or "") or tuple(first for first, *_ in _ROWS.values())
    spans: list[Span] = []
    for at, (text, what) in enumerate(rows):
        spans += ["\n" if at else "", Code(f"{command} {text}"), f" {what}"]
    body: Sentence = tuple(spans)
    return Message(body, (Paragraph(body),))
