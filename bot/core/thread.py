"""What the thread under a card says of a run's end."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.card import headline, retried_by, run_url
from bot.core.message import Block, Facts, Message, Paragraph, Preformatted
from bot.core.progress import position
from bot.core.run import LOST, FailedNode, Retried, Run, is_failed
from bot.core.text import Code, Link, Mention, Sentence, Span, cut, duration

COMMAND_SHOWN = 200
EXCERPT_SHOWN = 2_900
OVERRIDES_SHOWN = 2_500
NODES_SHOWN = 20


def end_post(run: Run, app_url: str) -> Message:
    """The one announcement of a run's end: one line, and at a failure the lines of the log that matter."""
    if run.seen.state == LOST:
        where = Link(run_url(app_url, run.id), "Look in Bolt")
        return Message((*headline(run), ". I follow it no longer. ", where, *_mention(run)))
    if not is_failed(run.seen.state):
        return Message((*headline(run), "."))
    first = (*failure(run), *_mention(run))
    blocks: list[Block] = [Paragraph(first), *log_blocks(run, app_url)]
    overrides = _long_overrides(run)
    if overrides:
        blocks.append(Facts(overrides))
    return Message(first, tuple(blocks))


def retried_post(retried: Retried, app_url: str) -> Message:
    """The line in the thread of a run that was retried."""
    return Message((*retried_by(retried, app_url), "."))


def failure(run: Run) -> Sentence:
    """`dbt test` failed (command 4 of 5, exit code 1, 38 s)."""
    end = run.end
    if end is None or end.failed is None:
        return (*headline(run), "; Bolt names no failed command.")
    command = end.failed
    facts: list[str] = []
    where = position(run, command)
    if where:
        facts.append(f"command {where[0]} of {where[1]}")
    facts.append(f"exit code {command.return_code}")
    if command.started_at and command.ended_at:
        facts.append(duration((command.ended_at - command.started_at).total_seconds()))
    return (Code(cut(command.text, COMMAND_SHOWN)), f" failed ({', '.join(facts)}).")


def log_blocks(run: Run, app_url: str) -> list[Block]:
    """The lines that matter and the failed nodes, or why they are not here."""
    end = run.end
    if end is None or end.log == "none":
        return []
    if end.log == "late":
        return [Facts(("Its log is not there yet; it follows here.",))]
    if end.log == "lost":
        return [Facts(("Its log could not be read. ", Link(run_url(app_url, run.id), "Look at it in Bolt")))]
    blocks: list[Block] = []
    if end.excerpt:
        blocks.append(Preformatted(cut(end.excerpt, EXCERPT_SHOWN)))
    if len(end.nodes) > 1:
        blocks.append(Preformatted(node_table(end.nodes)))
    return blocks


def node_table(nodes: tuple[FailedNode, ...]) -> str:
    """One line a failed node: its status, name, kind and message, in columns."""
    width = min(60, max(len(node.name) for node in nodes[:NODES_SHOWN]))
    lines = [
        f"{node.status:<5} {cut(node.name, 60):<{width}}  {node.kind:<5}  {cut(' '.join(node.message.split()), 80)}".rstrip()
        for node in nodes[:NODES_SHOWN]
    ]
    if len(nodes) > NODES_SHOWN:
        lines.append(f"… and {len(nodes) - NODES_SHOWN} more")
    return "\n".join(lines)


def late_log_post(run: Run, app_url: str) -> Message:
    """The log's own post, where it was not there when the end was told."""
    command = run.end.failed if run.end else None
    name: tuple[Span, ...] = ("The log of ", Code(cut(command.text, COMMAND_SHOWN))) if command else ("The log",)
    return Message((*name, ":"), (Paragraph((*name, ":")), *log_blocks(run, app_url)))


@dataclass(frozen=True, slots=True)
class LogFile:
    """The name and title of the log file of a failed command."""

    name: str
    title: str


def log_file_name(run: Run) -> LogFile:
    """`run-4711-dbt-test.log`, of plain characters only."""
    text = run.end.failed.text if run.end and run.end.failed else "log"
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower()).split()
    short = "-".join(words[:2])[:40] or "log"
    return LogFile(f"run-{run.id}-{short}.log", cut(f"Log of {text}", 150))


def _mention(run: Run) -> Sentence:
    return (" ", Mention(run.mentioned)) if run.mentioned else ()


def _long_overrides(run: Run) -> Sentence:
    """Overriding commands that the card could not show in full."""
    commands = run.facts.commands
    if not run.facts.overridden or run.facts.only_failed or sum(len(command) for command in commands) <= 600:
        return ()
    spans: list[Span] = ["Commands:"]
    room = OVERRIDES_SHOWN
    for command in commands:
        spans += ["\n", Code(cut(command, max(20, room)))]
        room -= len(command)
    return tuple(spans)
